#include "resources.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <stdexcept>
#include <string>

#include "catalog/catalog.hpp"

namespace larder {

const std::vector<Resource>& resources() {
    static const std::vector<Resource> all = read_catalog(LARDER_RESOURCES).value();
    return all;
}

const Resource& resource(std::string_view name) {
    const auto found = std::ranges::find(resources(), name, &Resource::name);
    if (found == resources().end()) throw std::out_of_range(std::string(name));
    return *found;
}

Resource invented_resource() {
    return {
        .name = "boats",
        .title = "Boat",
        .id = IdType::uuid,
        .fields =
            {
                {.name = "name", .type = Text{1, 10}},
                {.name = "sign", .type = Text{1, 8, Alphabet::identifier}, .unique = true},
                {.name = "length", .type = Decimal{.least = "0", .digits = 3}},
                {.name = "berths", .type = Integer{-2, 12}, .required = false},
                {.name = "harbour", .type = Text{0, 5}, .required = false, .unique = true},
            },
        .lists =
            {
                {},
                {.path = "long",
                 .where = "length > 20",
                 .order = {"-length", "name", "id"},
                 .from = "(SELECT * FROM boats)"},
            },
    };
}

}  // namespace larder

BOOST_AUTO_TEST_SUITE(resources)

BOOST_AUTO_TEST_CASE(all_are_there_in_the_order_of_their_names) {
    const auto& all = larder::resources();
    BOOST_REQUIRE(all.size() >= 3U);
    BOOST_TEST(std::ranges::is_sorted(all, {}, &larder::Resource::name));
    for (const auto* name : {"employees", "items", "products"}) {
        BOOST_TEST(larder::resource(name).name == name);
    }
}

BOOST_AUTO_TEST_CASE(a_record_has_a_path_and_a_message_for_its_absence) {
    BOOST_TEST(larder::resource("employees").path_of("7") == "/employees/7");
    BOOST_TEST(larder::resource("products").not_found("x") == "Product with id 'x' not found");
}

BOOST_AUTO_TEST_CASE(only_a_resource_without_fields_is_a_document) {
    BOOST_TEST(larder::resource("items").is_document());
    BOOST_TEST(!larder::resource("products").is_document());
    BOOST_TEST(larder::resource("items").is_wrapped());
    BOOST_TEST(!larder::resource("employees").is_wrapped());
}

BOOST_AUTO_TEST_SUITE_END()
