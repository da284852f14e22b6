#include "http/parameters.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>
#include <vector>

using namespace larder;
using namespace larder::http;

namespace {

constexpr std::string_view known[] = {"limit", "department"};

/// The names that were refused, in their order.
std::vector<std::string> refused(std::string_view query) {
    std::vector<std::string> names;
    for (const FieldError& error : check_parameters(query, known)) {
        BOOST_TEST(error.pointer.empty());
        BOOST_TEST(!error.detail.empty());
        names.push_back(error.parameter.value_or("(none)"));
    }
    return names;
}

std::string detail(std::string_view query) {
    const auto errors = check_parameters(query, known);
    BOOST_REQUIRE(errors.size() == 1U);
    return errors.front().detail;
}

using Names = std::vector<std::string>;

}  // namespace

BOOST_AUTO_TEST_SUITE(parameters)

BOOST_AUTO_TEST_CASE(known_parameters_pass) {
    for (const auto* query : {"", "&", "limit=1", "limit", "limit=", "%6Cimit=1", "&&limit=1&",
                              "limit=1&department=a%20b+c", "department=%C3%A9"}) {
        BOOST_TEST_CONTEXT(query) { BOOST_TEST(refused(query).empty()); }
    }
}

BOOST_AUTO_TEST_CASE(an_unknown_parameter_is_named_and_the_nearest_known_one_too) {
    BOOST_TEST((refused("departmnt=x&limit=1&now") == Names{"departmnt", "now"}));
    BOOST_TEST((refused("=x") == Names{""}));
    BOOST_TEST((refused("Limit=1") == Names{"Limit"}));
    BOOST_TEST((refused("a=1&a=2&a=3") == Names{"a"}));
    BOOST_TEST(detail("departmnt=x").find("'department'") != std::string::npos);
    BOOST_TEST(detail("now").find("limit, department") != std::string::npos);
    const auto none = check_parameters("now", {});
    BOOST_REQUIRE(none.size() == 1U);
    BOOST_TEST(none.front().detail.find("none") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(a_parameter_that_comes_twice_is_refused_once) {
    BOOST_TEST((refused("limit=1&limit=1") == Names{"limit"}));
    BOOST_TEST((refused("limit=1&%6cimit=2&limit=3") == Names{"limit"}));
}

BOOST_AUTO_TEST_CASE(what_is_not_percent_encoded_utf8_is_refused) {
    for (const auto* query :
         {"limit=%", "limit=%4", "limit=%ZZ", "limit=%FF", "limit=\xFF", "limit=%C3"}) {
        BOOST_TEST_CONTEXT(query) { BOOST_TEST((refused(query) == Names{"limit"})); }
    }
    BOOST_TEST((refused("%FF=1") == Names{"%FF"}));
    BOOST_TEST((refused("\xFF=1") == Names{"%FF"}));
    BOOST_TEST((refused("a%=1") == Names{"a%"}));
}

BOOST_AUTO_TEST_CASE(an_answer_is_not_many_times_as_long_as_its_request) {
    std::string query;
    for (int i = 0; i < 4000; ++i) query += std::to_string(i) + '&';
    BOOST_TEST(check_parameters(query, known).size() <= 100U);
    BOOST_TEST(check_parameters(std::string(8000, 'x'), known).size() == 1U);
}

BOOST_AUTO_TEST_SUITE_END()
