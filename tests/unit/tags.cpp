#include "catalog/tags.hpp"

#include <boost/test/unit_test.hpp>

#include "records/effects.hpp"
#include "resources.hpp"

using namespace larder;

namespace {

using Tags = std::vector<std::string>;

const Resource invoices = {
    .name = "invoices",
    .title = "Invoice",
    .fields = {{.name = "customer", .type = Reference{.to = "customers"}, .filter = true},
               {.name = "number", .type = Text{}},
               {.name = "state", .type = Enum{.values = {"draft", "sent"}}, .filter = true},
               {.name = "total", .type = Decimal{}, .filter = true},
               {.name = "weight", .type = Float{}, .filter = true},
               {.name = "paid_at", .type = Timestamp{}, .filter = true}},
    .lists = {List{}, List{.path = "overdue", .where = "state = 'sent'"},
              List{.path = "latest", .order = {"-number"}},
              List{.path = "ranked", .where = "rank < 3", .from = "(SELECT 1)"}}};

}  // namespace

BOOST_AUTO_TEST_SUITE(tags)

BOOST_AUTO_TEST_CASE(lists_hang_on_conditions_of_rows_and_on_values_with_one_text) {
    const auto sources = tag_sources(invoices);
    BOOST_REQUIRE(sources.size() == 3U);
    BOOST_TEST(sources[0].list == &invoices.lists[1]);
    BOOST_TEST(sources[1].field == &invoices.fields[0]);
    BOOST_TEST(sources[2].field == &invoices.fields[2]);
    BOOST_TEST(tag_of(invoices.lists[0]).empty());
    BOOST_TEST(tag_of(invoices.lists[1]) == "overdue");
    BOOST_TEST(tag_of(invoices.lists[2]).empty());
    BOOST_TEST(tag_of(invoices.lists[3]).empty());
}

BOOST_AUTO_TEST_CASE(a_row_has_the_tags_that_its_texts_name) {
    const auto sources = tag_sources(invoices);
    const auto of = [&](std::vector<std::optional<std::string>> values) {
        return tags_of(sources, values);
    };
    BOOST_TEST((of({"true", "42", "sent"}) == Tags{"overdue", "customer=42", "state=sent"}));
    BOOST_TEST((of({"false", "42", std::nullopt}) == Tags{"customer=42"}));
    BOOST_TEST((of({"", "", ""}) == Tags{}));
    BOOST_TEST((of({std::nullopt, "4 2", "../x"}) == Tags{}));
    BOOST_TEST((of({}) == Tags{}));
}

BOOST_AUTO_TEST_CASE(no_value_leads_out_of_a_directory) {
    for (const auto* value : {"42", "a", "..", "Z-9_.x"}) BOOST_TEST(is_tag_value(value));
    BOOST_TEST(is_tag_value(std::string(64, 'x')));
    for (const std::string& value :
         {std::string(), std::string(65, 'x'), std::string("a/b"), std::string("a b"),
          std::string("a=b"), std::string("a*"), std::string("a\0b", 3), std::string("\xc3\xa4"),
          std::string("%2f"), std::string("a\n")}) {
        BOOST_TEST(!is_tag_value(value));
        BOOST_TEST(!tag_of(invoices.fields[0], value));
    }
    BOOST_TEST(tag_of(invoices.fields[0], "..").value() == "customer=..");
    BOOST_TEST(!tag_of(invoices.fields[1], "7"));
    BOOST_TEST(!tag_of(invoices.fields[3], "24.90"));
}

BOOST_AUTO_TEST_CASE(many_tags_become_all) {
    OutdatedLists lists;
    for (std::size_t n = 0; n < OutdatedLists::most_tags; ++n) lists.add({std::to_string(n)});
    BOOST_TEST(!lists.all);
    BOOST_TEST(lists.tags.size() == OutdatedLists::most_tags);
    lists.add(Tags{"0"});
    BOOST_TEST(!lists.all);
    lists.add(Tags{"one-more"});
    BOOST_TEST(lists.all);
    BOOST_TEST(lists.tags.empty());
    lists.add(Tags{"another"});
    BOOST_TEST(lists.tags.empty());
}

BOOST_AUTO_TEST_CASE(readers_look_for_the_locks_that_writers_take) {
    const auto shared = [](const OutdatedLists& written, std::string_view read) {
        const auto taken = locks_of(invoices, written);
        const auto looked = locks_of_readers(invoices, read);
        return std::ranges::find_first_of(taken, looked) != taken.end();
    };
    OutdatedLists some;
    some.add({"overdue", "customer=42"});
    OutdatedLists every;
    every.add_all();
    for (const auto* tag : {"", "overdue", "customer=42"}) {
        BOOST_TEST(shared(some, tag));
        BOOST_TEST(shared(every, tag));
    }
    BOOST_TEST(!shared(some, "customer=43"));
    BOOST_TEST(shared(every, "customer=43"));
    BOOST_TEST(shared({}, ""));
    BOOST_TEST(!shared({}, "overdue"));
    BOOST_TEST(locks_of(invoices, {}) != locks_of({.name = "orders", .title = "Order"}, {}));
}

BOOST_AUTO_TEST_SUITE_END()
