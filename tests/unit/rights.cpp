// Who may do what: access/rights and api/authorize.
#include "access/rights.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <vector>

#include "api/authorize.hpp"
#include "http/response.hpp"
#include "resources.hpp"

using namespace larder;
using access::Action;
using Roles = std::vector<std::string>;

namespace {

Resource boats(Rights rights) {
    Resource resource{.name = "boats", .title = "Boat"};
    resource.rights = std::move(rights);
    return resource;
}

constexpr std::array all_actions = {Action::read, Action::create, Action::change, Action::remove};

}  // namespace

BOOST_AUTO_TEST_SUITE(rights)

BOOST_AUTO_TEST_CASE(what_is_not_named_is_for_admin_alone) {
    const Resource unnamed = boats({});
    for (const Action action : all_actions) {
        BOOST_TEST(!access::may({}, unnamed, action));
        BOOST_TEST(!access::may(Roles{"clerk", "anyone"}, unnamed, action));
        BOOST_TEST(access::may(Roles{"admin"}, unnamed, action));
        BOOST_TEST(access::may(Roles{"clerk", "admin"}, unnamed, action));
    }
}

BOOST_AUTO_TEST_CASE(a_right_is_for_its_roles_and_its_action) {
    const Resource resource = boats({.read = {"auditor", "clerk"}, .change = {"clerk"}});
    BOOST_TEST(access::may(Roles{"auditor"}, resource, Action::read));
    BOOST_TEST(!access::may(Roles{"auditor"}, resource, Action::change));
    BOOST_TEST(access::may(Roles{"clerk"}, resource, Action::change));
    BOOST_TEST(!access::may(Roles{"clerk"}, resource, Action::create));
    BOOST_TEST(!access::may(Roles{"clerk"}, resource, Action::remove));
    BOOST_TEST(!access::may(Roles{"cler", "clerks", "Clerk", ""}, resource, Action::read));
    BOOST_TEST(!access::may({}, resource, Action::read));
}

BOOST_AUTO_TEST_CASE(anyone_needs_no_token_and_no_role) {
    const Resource resource = boats({.read = {"anyone"}});
    BOOST_TEST(access::may({}, resource, Action::read));
    BOOST_TEST(access::may(Roles{"clerk"}, resource, Action::read));
    BOOST_TEST(!access::may({}, resource, Action::remove));
}

BOOST_AUTO_TEST_CASE(what_belongs_to_no_resource_is_for_admin_and_its_role) {
    BOOST_TEST(access::may_as(Roles{"admin"}, ""));
    BOOST_TEST(!access::may_as(Roles{"clerk"}, ""));
    BOOST_TEST(!access::may_as(Roles{""}, ""));
    BOOST_TEST(!access::may_as({}, "metrics"));
    BOOST_TEST(access::may_as(Roles{"metrics"}, "metrics"));
}

BOOST_AUTO_TEST_CASE(every_operation_but_the_open_ones_needs_a_right) {
    const Operations operations = all_operations(resources());
    for (const auto& operation : operations) {
        const Endpoint& endpoint = operation->endpoint();
        const std::string& path = endpoint.path;
        const bool is_documented = path == "/" || path.starts_with("/user") ||
                                   path.starts_with("/health") || path.starts_with("/docs") ||
                                   path.starts_with("/redoc") || path.starts_with("/status") ||
                                   path == "/openapi.json";
        BOOST_TEST_CONTEXT(path) {
            BOOST_TEST(is_open(endpoint, {}) == is_documented);
            BOOST_TEST(may_call(endpoint, Roles{"admin"}));
            if (!is_documented) BOOST_TEST(!may_call(endpoint, {}));
        }
    }
}

BOOST_AUTO_TEST_CASE(metrics_are_open_to_whom_nginx_lets_see_them) {
    const Endpoint endpoint{.path = "/metrics", .role = "metrics"};
    http::Request request;
    BOOST_TEST(!is_open(endpoint, request));
    request.may_read_metrics = true;
    BOOST_TEST(is_open(endpoint, request));
    BOOST_TEST(!is_open({.path = "/employees", .resource = &resources()[0]}, request));
}

BOOST_AUTO_TEST_CASE(refusals_are_those_of_rfc_6750) {
    const auto header = [](const Error& error) { return http::problem(error).headers; };
    BOOST_TEST(http::problem(no_token()).status == 401);
    BOOST_TEST(header(no_token()) == "WWW-Authenticate: Bearer realm=\"larder\"\r\n");
    const Error bad = bad_token(access::Refusal::expired);
    BOOST_TEST(http::problem(bad).status == 401);
    BOOST_TEST(
        header(bad).starts_with("WWW-Authenticate: Bearer realm=\"larder\", "
                                "error=\"invalid_token\", error_description=\""));
    const Error lacking = no_right({.path = "/employees", .resource = &resources()[0]});
    BOOST_TEST(http::problem(lacking).status == 403);
    BOOST_TEST(header(lacking) ==
               "WWW-Authenticate: Bearer realm=\"larder\", error=\"insufficient_scope\"\r\n");
}

BOOST_AUTO_TEST_CASE(an_import_that_changes_records_needs_both_rights) {
    Resource boats{.name = "boats", .title = "Boat"};
    boats.rights = {.create = {"clerk"}, .change = {"clerk", "painter"}};
    Endpoint import{.path = "/boats", .method = http::Method::post, .resource = &boats};
    BOOST_TEST(may_call(import, Roles{"clerk"}));
    BOOST_TEST(!may_call(import, Roles{"painter"}));
    import.changes_too = true;
    BOOST_TEST(may_call(import, Roles{"clerk"}));
    BOOST_TEST(!may_call(import, Roles{"painter"}));
    boats.rights.change = {"painter"};
    BOOST_TEST(!may_call(import, Roles{"clerk"}));
    BOOST_TEST(may_call(import, Roles{"clerk", "painter"}));
    BOOST_TEST(no_right(import).detail ==
               "The roles of this token do not allow to create and change boats.");
}

BOOST_AUTO_TEST_SUITE_END()
