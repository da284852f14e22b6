#include "api/stages.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

#include "resources.hpp"

using namespace larder;
using http::Method;
using http::Request;

namespace {

constexpr std::uint64_t limit = 100;
constexpr std::string_view json_type = "application/json";
constexpr std::string_view merge_patch = "application/merge-patch+json";
constexpr std::string_view uuid = "550e8400-e29b-41d4-a716-446655440000";
constexpr std::string_view alice = R"({"name": "Alice", "salary": 1, "department": "D"})";

Request request(Method method, std::string_view target, std::string_view type = {},
                std::string_view body = {}) {
    Request made;
    made.method = method;
    made.target = target;
    made.content_type = type;
    made.content_length = body.size();
    made.body = body;
    return made;
}

const Routes& routes() {
    static const Operations operations = all_operations(resources());
    static const Routes made(operations);
    return made;
}

Expected<Call> check(const Request& request) {
    RequestMetrics::RouteNumber route = 0;
    auto found = find_operation(routes(), request, route);
    if (!found) return std::unexpected(std::move(found.error()));
    return check_request(std::move(*found), request, limit);
}

Call accepted(const Request& request) {
    auto call = check(request);
    BOOST_REQUIRE_MESSAGE(call, request.target << " was refused");
    return std::move(*call);
}

Error refused(const Request& request) {
    const auto call = check(request);
    BOOST_REQUIRE_MESSAGE(!call, request.target << " was not refused");
    return call.error();
}

void check_kind(const Request& request, ErrorKind kind) {
    const Error error = refused(request);
    BOOST_TEST_CONTEXT(request.target << ": " << error.detail) { BOOST_TEST((error.kind == kind)); }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(stages)

BOOST_AUTO_TEST_CASE(a_good_request_has_an_operation_and_a_change) {
    const Call create = accepted(request(Method::post, "/employees", json_type, alice));
    BOOST_TEST(create.operation->endpoint().path == "/employees");
    BOOST_TEST((create.change.mode == ChangeMode::create));
    BOOST_TEST(create.change.assignments.size() == 3U);
    const Call replace =
        accepted(request(Method::put, "/employees/1", json_type, R"({"salary": 2})"));
    BOOST_TEST((replace.operation->endpoint().method == Method::put));
    BOOST_TEST((replace.change.mode == ChangeMode::replace));
    BOOST_TEST(replace.argument == "1");
    const Call patch = accepted(request(Method::patch, "/employees/1", merge_patch, "{}"));
    BOOST_TEST((patch.operation->endpoint().method == Method::patch));
    BOOST_TEST((patch.change.mode == ChangeMode::merge_patch));
    BOOST_TEST(patch.change.is_empty);
}

BOOST_AUTO_TEST_CASE(what_takes_no_body_ignores_one_within_the_limit) {
    for (const Method method : {Method::get, Method::head, Method::options, Method::remove}) {
        Request strange = request(method, "/employees/1", "text/plain", "{");
        BOOST_TEST(check(strange).has_value());
        strange.body_too_large = true;
        check_kind(strange, ErrorKind::too_large);
    }
    BOOST_TEST(accepted(request(Method::post, "/cache/clear")).operation->endpoint().path ==
               "/cache/clear");
}

// Each request below fails every check from the one that is named on.
BOOST_AUTO_TEST_CASE(the_route_comes_first) {
    Request wrong = request(Method::other, "/nothing", "text/plain", std::string(200, '{'));
    wrong.body_too_large = true;
    check_kind(wrong, ErrorKind::not_found);
    wrong.target = "/employees/x";
    wrong.method = Method::put;
    check_kind(wrong, ErrorKind::not_found);
}

BOOST_AUTO_TEST_CASE(the_method_comes_second) {
    Request wrong = request(Method::put, "/employees", "text/plain", std::string(200, '{'));
    wrong.body_too_large = true;
    check_kind(wrong, ErrorKind::method_not_allowed);
    BOOST_TEST(refused(wrong).headers == "Allow: GET, HEAD, POST, OPTIONS\r\n");
}

BOOST_AUTO_TEST_CASE(the_content_type_comes_third) {
    Request wrong = request(Method::post, "/employees", "text/plain", std::string(200, '{'));
    wrong.body_too_large = true;
    check_kind(wrong, ErrorKind::unsupported_media_type);
}

BOOST_AUTO_TEST_CASE(the_size_comes_fourth) {
    const std::string one_over = '{' + std::string(limit, ' ');
    check_kind(request(Method::post, "/employees", json_type, one_over), ErrorKind::too_large);
    Request kept_by_nginx = request(Method::put, "/employees/1", json_type);
    kept_by_nginx.body_too_large = true;
    check_kind(kept_by_nginx, ErrorKind::too_large);
}

BOOST_AUTO_TEST_CASE(a_body_of_exactly_the_limit_is_accepted) {
    const std::string body = "{}" + std::string(limit - 2, ' ');
    BOOST_TEST(accepted(request(Method::post, "/items", json_type, body)).change.document == body);
    check_kind(request(Method::post, "/items", json_type, body + ' '), ErrorKind::too_large);
}

BOOST_AUTO_TEST_CASE(json_comes_fifth_and_values_sixth) {
    check_kind(request(Method::post, "/employees", json_type, R"({"x": 1, "x": 2})"),
               ErrorKind::bad_request);
    check_kind(request(Method::post, "/employees", json_type, ""), ErrorKind::bad_request);
    check_kind(request(Method::post, "/employees", json_type, R"({"x": 1})"),
               ErrorKind::unprocessable);
    BOOST_TEST(
        refused(request(Method::post, "/employees", json_type, R"({"x": 1})")).fields.size() == 4U);
}

BOOST_AUTO_TEST_CASE(a_post_names_the_content_types_that_it_takes) {
    const Error of_fields = refused(request(Method::post, "/employees", "text/plain", "{}"));
    BOOST_TEST(of_fields.headers ==
               "Accept-Post: application/json, text/csv, application/x-ndjson\r\n");
    BOOST_TEST(of_fields.detail ==
               "The content type must be one of application/json, text/csv, application/x-ndjson.");
    const Error of_documents = refused(request(Method::post, "/items", "", "{}"));
    BOOST_TEST(of_documents.headers == "Accept-Post: application/json, application/x-ndjson\r\n");
}

BOOST_AUTO_TEST_CASE(a_post_of_json_takes_the_defaults_of_an_import) {
    const std::string all = "?on_conflict=fail&key=id&dry_run=false&all=false";
    const std::string body = R"({"name": "x", "salary": 1, "department": "y"})";
    accepted(request(Method::post, "/employees" + all, json_type, body));
    for (const std::string other :
         {"on_conflict=skip", "key=employee_id", "dry_run=true", "all=1"}) {
        const Error error = refused(request(Method::post, "/employees?" + other, json_type, body));
        BOOST_TEST((error.kind == ErrorKind::unprocessable));
        BOOST_REQUIRE(error.fields.size() == 1U);
        BOOST_TEST(*error.fields[0].parameter == other.substr(0, other.find('=')));
    }
}

BOOST_AUTO_TEST_CASE(each_method_has_its_content_type) {
    const std::string item = "/items/" + std::string(uuid);
    for (const std::string& target : {std::string("/employees/1"), item}) {
        check_kind(request(Method::put, target, merge_patch, "{}"),
                   ErrorKind::unsupported_media_type);
        check_kind(request(Method::patch, target, json_type, "{}"),
                   ErrorKind::unsupported_media_type);
        check_kind(request(Method::patch, target, "", "{}"), ErrorKind::unsupported_media_type);
        BOOST_TEST(refused(request(Method::patch, target, json_type, "{}")).headers ==
                   "Accept-Patch: application/merge-patch+json\r\n");
        BOOST_TEST(refused(request(Method::put, target, "", "{}")).headers.empty());
        accepted(request(Method::put, target, "APPLICATION/json; charset=utf-8", "{}"));
        accepted(request(Method::patch, target, "application/Merge-Patch+json;x", "{}"));
    }
}

BOOST_AUTO_TEST_CASE(the_limit_of_a_list_is_checked) {
    for (const auto* target : {"/employees", "/employees?limit=1", "/employees?limit=1000000",
                               "/items?limit=", "/employees/high-salary?limit=20"}) {
        accepted(request(Method::get, target));
    }
    for (const auto* target :
         {"/employees?limit=0", "/employees?limit=-1", "/employees?limit=1000001",
          "/employees?limit=1.0", "/employees?limit=1e3", "/employees?limit=abc",
          "/employees?limit=+1", "/employees?limit=1%3BDROP", "/employees?limit=1%201",
          "/employees?limit=99999999999999999999"}) {
        check_kind(request(Method::get, target), ErrorKind::unprocessable);
    }
    check_kind(request(Method::get, "/nothing?limit=0"), ErrorKind::not_found);
}

BOOST_AUTO_TEST_CASE(a_parameter_that_the_route_does_not_know_is_named) {
    const std::string item = "/items/" + std::string(uuid);
    for (const std::string& target :
         {std::string("/"), std::string("/user/A"), std::string("/health"), std::string("/metrics"),
          std::string("/employees"), std::string("/employees/1"), item}) {
        const Error error = refused(request(Method::get, target + "?now&now"));
        BOOST_TEST((error.kind == ErrorKind::unprocessable));
        BOOST_REQUIRE(error.fields.size() == 1U);
        BOOST_TEST((error.fields.front().parameter == "now"));
        accepted(request(Method::options, target + "?now"));
    }
    accepted(request(Method::get, "/user?name=A"));
    check_kind(request(Method::get, "/user?name=A&name=B"), ErrorKind::unprocessable);
    check_kind(request(Method::get, "/user?name=%FF"), ErrorKind::unprocessable);
    check_kind(request(Method::get, "/employees/1?limit=1"), ErrorKind::unprocessable);
    check_kind(request(Method::post, "/cache/clear?x"), ErrorKind::unprocessable);
    check_kind(request(Method::remove, item + "?x"), ErrorKind::unprocessable);
    // With what is wrong with the body, but after a body that is no JSON.
    const Error both =
        refused(request(Method::post, "/employees?limit=1", json_type, R"({"x": 1})"));
    BOOST_TEST(both.fields.size() == 5U);
    check_kind(request(Method::post, "/employees?limit=1", json_type, "{"), ErrorKind::bad_request);
    check_kind(request(Method::post, "/employees?limit=1", json_type, alice),
               ErrorKind::unprocessable);
}

BOOST_AUTO_TEST_CASE(a_write_of_a_foreign_page_comes_after_the_method) {
    Request write = request(Method::post, "/cache/clear", "text/plain");
    write.origin = "http://evil.example";
    write.host = "127.0.0.1:8080";
    check_kind(write, ErrorKind::forbidden);
    write.origin = "http://127.0.0.1:8080";
    accepted(write);
    write.sec_fetch_site = "cross-site";
    check_kind(write, ErrorKind::forbidden);
    write.method = Method::put;
    check_kind(write, ErrorKind::method_not_allowed);
    write.target = "/employees";
    write.method = Method::post;
    check_kind(write, ErrorKind::forbidden);
    write.method = Method::get;
    accepted(write);
}

BOOST_AUTO_TEST_CASE(a_body_that_is_encoded_is_refused) {
    Request write = request(Method::post, "/items", json_type, "{}");
    for (const std::string_view coding : {"identity", "Identity", "", " identity , identity "}) {
        write.content_encoding = coding;
        accepted(write);
    }
    for (const std::string_view coding : {"gzip", "identity, br", "x"}) {
        write.content_encoding = coding;
        check_kind(write, ErrorKind::unsupported_media_type);
        BOOST_TEST(refused(write).headers == "Accept-Encoding: identity\r\n");
    }
}

BOOST_AUTO_TEST_CASE(preconditions_are_read_for_what_changes_a_record) {
    Request write = request(Method::put, "/employees/1", json_type, "{}");
    write.if_match = R"("a")";
    write.if_none_match = "*";
    const Call call = accepted(write);
    BOOST_TEST(call.preconditions.if_match.has_value());
    BOOST_TEST(call.preconditions.if_none_match.has_value());
    write.if_match = "";
    check_kind(write, ErrorKind::bad_request);
    write.method = Method::remove;
    check_kind(write, ErrorKind::bad_request);
    write = request(Method::post, "/employees", json_type, alice);
    write.if_none_match = "*";
    BOOST_TEST(accepted(write).preconditions.empty());
}

BOOST_AUTO_TEST_CASE(a_body_that_is_shorter_than_it_says_is_cut_off) {
    Request cut = request(Method::post, "/items", json_type, "{}");
    cut.content_length = 3;
    check_kind(cut, ErrorKind::bad_request);
}

BOOST_AUTO_TEST_CASE(a_greeting_knows_whom_to_greet) {
    const auto greeted = [](std::string_view path) {
        return accepted(request(Method::get, path)).argument;
    };
    BOOST_TEST(greeted("/user/Alice") == "Alice");
    BOOST_TEST(greeted("/user/Zo%C3%AB") == "Zoë");
    BOOST_TEST(greeted("/user/a%2Fb") == "a/b");
    BOOST_TEST(greeted("/user?name=Bob") == "Bob");
    BOOST_TEST(greeted("/user?name=") == "Guest");
    BOOST_TEST(greeted("/user") == "Guest");
    check_kind(request(Method::get, "/user/"), ErrorKind::not_found);
}

BOOST_AUTO_TEST_CASE(options_names_the_methods) {
    BOOST_TEST(accepted(request(Method::options, "/employees")).argument ==
               "GET, HEAD, POST, OPTIONS");
}

BOOST_AUTO_TEST_SUITE_END()
