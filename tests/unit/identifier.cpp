#include "catalog/identifier.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace larder;

namespace {

constexpr std::string_view uuid = "550e8400-e29b-41d4-a716-446655440000";

}  // namespace

BOOST_AUTO_TEST_SUITE(identifier)

BOOST_AUTO_TEST_CASE(an_integer_is_its_own_canonical_form) {
    for (const std::string text : {"0", "1", "10", "9223372036854775807"}) {
        const auto id = canonical_id(IdType::integer, text);
        BOOST_REQUIRE(id);
        BOOST_TEST(*id == text);
    }
}

BOOST_AUTO_TEST_CASE(an_integer_of_another_form_is_refused) {
    for (const std::string text :
         {"", "-1", "+1", "-0", "00", "01", "1.0", "1e3", " 1", "1 ", "0x1", "abc", "1a", "９",
          "9223372036854775808", "99999999999999999999999999", "550e8400"}) {
        BOOST_TEST_CONTEXT(text) { BOOST_TEST(!canonical_id(IdType::integer, text)); }
    }
    BOOST_TEST(!canonical_id(IdType::integer, std::string_view("1\0", 2)));
    BOOST_TEST(!canonical_id(IdType::integer, uuid));
}

BOOST_AUTO_TEST_CASE(a_uuid_is_canonical_in_lower_case) {
    for (const std::string text :
         {"550e8400-e29b-41d4-a716-446655440000", "550E8400-E29B-41D4-A716-446655440000",
          "550e8400-E29B-41d4-A716-446655440000"}) {
        const auto id = canonical_id(IdType::uuid, text);
        BOOST_REQUIRE(id);
        BOOST_TEST(*id == uuid);
    }
    BOOST_TEST(canonical_id(IdType::uuid, "00000000-0000-0000-0000-000000000000").has_value());
    BOOST_TEST(canonical_id(IdType::uuid, "ffffffff-ffff-ffff-ffff-ffffffffffff").has_value());
}

BOOST_AUTO_TEST_CASE(a_uuid_of_another_form_is_refused) {
    const std::string good(uuid);
    for (const std::string& text :
         {std::string(), good.substr(1), good + '0', '{' + good + '}', "urn:uuid:" + good,
          std::string("550e8400e29b41d4a716446655440000"),
          std::string("550e8400-e29b-41d4-a716-44665544000g"),
          std::string("550e840-0e29b-41d4-a716-446655440000"),
          std::string("550e8400_e29b_41d4_a716_446655440000"),
          std::string("550e8400-e29b-41d4-a716-44665544000 "),
          std::string("550e8400-e29b-41d4-a716-4466554400-0"), std::string("1")}) {
        BOOST_TEST_CONTEXT(text) { BOOST_TEST(!canonical_id(IdType::uuid, text)); }
    }
}

BOOST_AUTO_TEST_SUITE_END()
