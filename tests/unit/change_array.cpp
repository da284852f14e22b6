#include <boost/test/unit_test.hpp>

#include <string>

#include "resources.hpp"
#include "validation.hpp"

using namespace larder;

namespace {

using Pointers = std::vector<std::string>;

std::string product(const std::string& price) {
    return R"({"name": "A", "price": )" + price + R"(, "stock_quantity": 1})";
}

/// The pointers of the fields that are refused, in their order.
Pointers refused(const Resource& resource, const std::string& body) {
    const auto changes = validate_array(resource, body);
    if (changes) return {};
    BOOST_TEST((changes.error().kind == ErrorKind::unprocessable));
    Pointers pointers;
    for (const FieldError& field : changes.error().fields) pointers.push_back(field.pointer);
    BOOST_TEST(!pointers.empty());
    return pointers;
}

std::string array_of(std::size_t count, const std::string& element) {
    std::string body;
    for (std::size_t i = 0; i < count; ++i) body += (i == 0 ? "[" : ",") + element;
    return body + ']';
}

}  // namespace

BOOST_AUTO_TEST_SUITE(change_array)

BOOST_AUTO_TEST_CASE(an_array_begins_with_a_bracket) {
    for (const auto* body : {"[", "[1]", " \t\r\n[", "[nonsense"}) BOOST_TEST(begins_array(body));
    for (const auto* body : {"", " ", "{}", "{\"a\":[]}", "\xEF\xBB\xBF[]", "1", "\"[\""}) {
        BOOST_TEST(!begins_array(body));
    }
}

BOOST_AUTO_TEST_CASE(each_record_is_read_as_if_it_were_alone) {
    const auto& products = resource("products");
    const auto changes = validate_array(
        products,
        " [ " + product("1.50") + "\n,\t" + product("1e2") +
            R"(,{"stock_quantity":2,"price":3,"name":"], [{\"\\","description":null} ] )");
    BOOST_REQUIRE(changes.has_value());
    BOOST_REQUIRE(changes->size() == 3U);
    BOOST_TEST(assigned((*changes)[0], "price").value().value() == "1.50");
    BOOST_TEST(assigned((*changes)[1], "price").value().value() == "1e2");
    BOOST_TEST(assigned((*changes)[2], "name").value().value() == "], [{\"\\");
    BOOST_TEST(!assigned((*changes)[2], "description").value().has_value());

    const auto& items = resource("items");
    const auto documents =
        validate_array(items, R"([{"a":[1,[2]],"id":{"x":1}} , {} ,{"b":"[,]"}])");
    BOOST_REQUIRE(documents.has_value());
    BOOST_REQUIRE(documents->size() == 3U);
    BOOST_TEST((*documents)[0].document == R"({"a":[1,[2]],"id":null})");
    BOOST_TEST((*documents)[1].document == "{}");
    BOOST_TEST((*documents)[2].document == R"({"b":"[,]"})");
}

BOOST_AUTO_TEST_CASE(every_error_of_every_record_is_named) {
    const auto& products = resource("products");
    BOOST_TEST((refused(products, "[" + product("1") + ",{}," + product("-1") + ",7,[" +
                                      product("1") + R"(],null,{"name":"","price":1,"x":0}])") ==
                Pointers{"/1/name", "/1/price", "/1/stock_quantity", "/2/price", "/3", "/4", "/5",
                         "/6/name", "/6/stock_quantity", "/6/x"}));
    BOOST_TEST((refused(resource("items"), R"([{"a":1},{"n":[0,1e200000]},"text"])") ==
                Pointers{"/1/n/1", "/2"}));
}

BOOST_AUTO_TEST_CASE(an_array_has_one_to_a_thousand_records) {
    const auto& items = resource("items");
    BOOST_TEST((refused(items, "[]") == Pointers{""}));
    BOOST_TEST((refused(items, array_of(most_new_records + 1, "{}")) == Pointers{""}));
    BOOST_TEST((refused(items, array_of(most_new_records + 1, "1")) == Pointers{""}));
    BOOST_TEST(validate_array(items, array_of(most_new_records, "{}"))->size() == most_new_records);
}

BOOST_AUTO_TEST_CASE(what_is_no_json_is_refused_as_a_whole) {
    for (const std::string body : {"[", "[{}", "[{},]", "[,{}]", "[{} {}]", "[{}]]", "[{}]{}",
                                   R"([{"a":1,"a":2}])", "[{\"a\":\"\\u0000\"}]"}) {
        BOOST_TEST_CONTEXT(body) {
            const auto changes = validate_array(resource("items"), body);
            BOOST_REQUIRE(!changes.has_value());
            BOOST_TEST((changes.error().kind == ErrorKind::bad_request));
        }
    }
    std::string deep = "[";
    for (int i = 0; i < 31; ++i) deep += R"({"a":)";
    const std::string end = std::string(31, '}') + "]";
    BOOST_TEST(validate_array(resource("items"), deep + "1" + end).has_value());
    BOOST_TEST(!validate_array(resource("items"), deep + "{}" + end).has_value());
}

// Many numbers that are short as they are sent, and long as they are stored.
BOOST_AUTO_TEST_CASE(the_array_grows_no_more_than_one_body_may) {
    const auto& items = resource("items");
    BOOST_TEST(validate_array(items, array_of(50, R"({"n":1e900})")).has_value());
    BOOST_TEST((refused(items, array_of(100, R"({"n":1e900})")) == Pointers{""}));
}

BOOST_AUTO_TEST_SUITE_END()
