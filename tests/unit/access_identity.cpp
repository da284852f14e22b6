#include "access/identity.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

using namespace larder::access;

BOOST_AUTO_TEST_SUITE(access_identity)

BOOST_AUTO_TEST_CASE(names_of_roles) {
    for (const std::string name : {"clerk", "a", "7", "Task.Write", "realm:admin", "team/ops",
                                   "default-roles-x", "offline_access"}) {
        BOOST_TEST(is_role(name), name);
    }
    BOOST_TEST(is_role(std::string(64, 'r')));
    for (const std::string name :
         {"", "anyone", ".hidden", "-x", "_x", "a b", "a,b", "a\"b", "ä", "a{b}", "a\nb"}) {
        BOOST_TEST(!is_role(name), name);
    }
    BOOST_TEST(!is_role(std::string(65, 'r')));
    BOOST_TEST(!is_role(std::string_view("a\0b", 3)));
}

BOOST_AUTO_TEST_CASE(roles_are_a_set) {
    BOOST_TEST((roles_of({"b", "a", "b", "A"}) == Roles{"A", "a", "b"}));
    BOOST_TEST(roles_of({}).empty());
}

BOOST_AUTO_TEST_CASE(a_token_is_valid_before_the_second_of_its_expiry) {
    Identity identity;
    BOOST_TEST(identity.is_valid_at(1'000'000'000'000));
    identity.expires = 1000;
    BOOST_TEST(identity.is_valid_at(999));
    BOOST_TEST(!identity.is_valid_at(1000));
}

// RFC 6750, section 3: no quote, no backslash, printable ASCII.
BOOST_AUTO_TEST_CASE(reasons_fit_into_a_quoted_string) {
    for (int at = 0; at <= static_cast<int>(Refusal::missing_claim); ++at) {
        const auto reason = reason_of(static_cast<Refusal>(at));
        BOOST_TEST(!reason.empty());
        for (const char c : reason) BOOST_TEST((c >= ' ' && c <= '~' && c != '"' && c != '\\'));
    }
}

BOOST_AUTO_TEST_SUITE_END()
