#include "api/routes.hpp"

#include <boost/test/unit_test.hpp>

#include <span>
#include <string>
#include <vector>

#include "resources.hpp"

using namespace larder;
using namespace larder::http;

namespace {

constexpr std::string_view uuid = "550e8400-e29b-41d4-a716-446655440000";
constexpr Method methods[] = {Method::get, Method::head,  Method::options, Method::post,
                              Method::put, Method::patch, Method::remove,  Method::other};

/// The interface of some resources.
struct Interface {
    explicit Interface(std::span<const Resource> resources)
        : operations(all_operations(resources)), routes(operations) {}

    Operations operations;
    Routes routes;
};

const Routes& routes() {
    static const Interface interface(resources());
    return interface.routes;
}

/// What a request leads to.
struct Found {
    const Operation* operation;
    std::string argument;
};

Expected<Found> find(Method method, std::string_view target_text, const Routes& where = routes()) {
    const auto target = parse_target(target_text);
    const Routes::Path& path = where.path_of(target);
    if (path.operations.empty()) return fail(ErrorKind::not_found, "");
    auto argument = Routes::argument_of(path, target);
    if (!argument) return std::unexpected(argument.error());
    auto operation = Routes::operation_of(path, method);
    if (!operation) return std::unexpected(operation.error());
    return Found{.operation = *operation, .argument = std::move(*argument)};
}

Found found(Method method, std::string_view path) {
    auto route = find(method, path);
    BOOST_REQUIRE_MESSAGE(route, "no route for " << path);
    return std::move(*route);
}

std::string path_at(Method method, std::string_view path) {
    return found(method, path).operation->endpoint().path;
}

bool is_missing(Method method, std::string_view path) {
    const auto route = find(method, path);
    return !route && route.error().kind == ErrorKind::not_found;
}

/// Every method that is not in `allow` gets 405 with Allow.
void check_allow(std::string_view path, const std::string& allow,
                 std::initializer_list<Method> known) {
    BOOST_TEST_CONTEXT(path) {
        BOOST_TEST(Routes::allowed(routes().path_of(parse_target(path))) == allow);
        for (const Method method : methods) {
            if (method == Method::options) continue;
            const auto route = find(method, path);
            const bool is_known = std::ranges::find(known, method) != known.end();
            BOOST_TEST(route.has_value() == is_known);
            if (route) continue;
            BOOST_TEST((route.error().kind == ErrorKind::method_not_allowed));
            BOOST_TEST(route.error().headers == "Allow: " + allow + "\r\n");
        }
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(routes_)

BOOST_AUTO_TEST_CASE(fixed_paths_have_their_operations) {
    for (const auto* path :
         {"/", "/health", "/health/live", "/health/ready", "/metrics", "/user"}) {
        BOOST_TEST(path_at(Method::get, path) == path);
        BOOST_TEST(path_at(Method::head, path) == path);
    }
    BOOST_TEST(path_at(Method::get, "/?x=1") == "/");
    BOOST_TEST(path_at(Method::post, "/cache/clear") == "/cache/clear");
}

BOOST_AUTO_TEST_CASE(files_are_known_for_their_other_methods) {
    for (const auto* path : {"/openapi.json", "/docs", "/redoc", "/status"}) {
        BOOST_TEST(path_at(Method::get, path) == path);
        check_allow(path, "GET, HEAD, OPTIONS", {Method::get, Method::head});
        BOOST_TEST(is_missing(Method::get, std::string(path) + "/"));
    }
}

BOOST_AUTO_TEST_CASE(a_name_to_greet_is_any_segment) {
    BOOST_TEST(found(Method::get, "/user/Zo%C3%AB").argument == "Zoë");
    BOOST_TEST(found(Method::get, "/user/a%2Fb").argument == "a/b");
    BOOST_TEST(is_missing(Method::get, "/user/"));
}

BOOST_AUTO_TEST_CASE(a_collection_is_listed_and_added_to) {
    for (const auto* name : {"employees", "products", "items"}) {
        const std::string path = std::string("/") + name;
        for (const Method method : {Method::get, Method::head, Method::post}) {
            BOOST_TEST(path_at(method, path) == path);
            BOOST_TEST(found(method, path).operation->endpoint().resource == &resource(name));
        }
        BOOST_TEST(found(Method::get, path).operation != found(Method::post, path).operation);
    }
}

BOOST_AUTO_TEST_CASE(a_list_has_its_path) {
    for (const auto* path : {"/employees/high-salary", "/employees/top2-by-department"}) {
        BOOST_TEST(path_at(Method::get, std::string(path) + "?limit=5") == path);
    }
}

BOOST_AUTO_TEST_CASE(a_record_has_four_methods_and_a_canonical_id) {
    for (const Method method :
         {Method::get, Method::head, Method::put, Method::patch, Method::remove}) {
        BOOST_TEST(path_at(method, "/employees/12") == "/employees/{id}");
        BOOST_TEST(found(method, "/employees/12").argument == "12");
        for (const auto* name : {"products", "items"}) {
            const auto route =
                found(method, std::string("/") + name + "/550E8400-E29B-41D4-A716-446655440000");
            BOOST_TEST(route.operation->endpoint().resource == &resource(name));
            BOOST_TEST(route.argument == uuid);
        }
    }
}

BOOST_AUTO_TEST_CASE(other_methods_are_refused_with_allow) {
    const std::string record = "/products/" + std::string(uuid);
    check_allow("/", "GET, HEAD, OPTIONS", {Method::get, Method::head});
    check_allow("/user", "GET, HEAD, OPTIONS", {Method::get, Method::head});
    check_allow("/user/Al", "GET, HEAD, OPTIONS", {Method::get, Method::head});
    check_allow("/health", "GET, HEAD, OPTIONS", {Method::get, Method::head});
    check_allow("/cache/clear", "POST, OPTIONS", {Method::post});
    check_allow("/employees/high-salary", "GET, HEAD, OPTIONS", {Method::get, Method::head});
    for (const auto* path : {"/employees", "/products", "/items"}) {
        check_allow(path, "GET, HEAD, POST, OPTIONS", {Method::get, Method::head, Method::post});
    }
    for (const std::string& path : {std::string("/employees/1"), record}) {
        check_allow(path, "GET, HEAD, PUT, PATCH, DELETE, OPTIONS",
                    {Method::get, Method::head, Method::put, Method::patch, Method::remove});
    }
}

BOOST_AUTO_TEST_CASE(an_unknown_path_is_missing_for_every_method) {
    for (const Method method : methods) {
        for (const auto* path : {"/nothing",
                                 "/employees/",
                                 "/items/",
                                 "/products/",
                                 "/health/",
                                 "/cache",
                                 "/user/",
                                 "/cache/",
                                 "/cache/clear/",
                                 "/cache/other",
                                 "//",
                                 "//employees",
                                 "/Employees",
                                 "/employees/1/",
                                 "/employees/1/name",
                                 "/employees/high-salary/",
                                 "/user/a/b",
                                 "/employees%2F1",
                                 "/employees/1%2F",
                                 "/employees/top2",
                                 "/items/high-salary",
                                 "/employee",
                                 "/employees1",
                                 "/%20employees",
                                 "/health/x",
                                 "/%FF",
                                 "/user%00",
                                 "*"}) {
            BOOST_TEST_CONTEXT(path) { BOOST_TEST(is_missing(method, path)); }
        }
    }
}

BOOST_AUTO_TEST_CASE(an_id_of_the_wrong_form_is_missing_for_every_method) {
    for (const Method method : methods) {
        for (const auto* path :
             {"/employees/abc", "/employees/%FF", "/employees/-1", "/employees/+1", "/employees/01",
              "/employees/1.0", "/employees/%201", "/employees/9223372036854775808", "/products/1",
              "/products/550e8400e29b41d4a716446655440000",
              "/items/%7B550e8400-e29b-41d4-a716-446655440000%7D"}) {
            BOOST_TEST_CONTEXT(path) { BOOST_TEST(is_missing(method, path)); }
        }
    }
}

BOOST_AUTO_TEST_CASE(an_id_of_the_wrong_form_gets_the_same_words_as_one_that_is_not_there) {
    const auto route = find(Method::get, "/products/nonsense");
    BOOST_REQUIRE(!route);
    BOOST_TEST(route.error().detail == "Product with id 'nonsense' not found");
}

BOOST_AUTO_TEST_CASE(a_resource_without_a_list_can_still_be_added_to) {
    std::vector<Resource> boats = {invented_resource()};
    boats[0].lists.clear();
    const Interface interface(boats);
    BOOST_TEST(find(Method::post, "/boats", interface.routes).has_value());
    const auto listed = find(Method::get, "/boats", interface.routes);
    BOOST_REQUIRE(!listed);
    BOOST_TEST(listed.error().headers == "Allow: POST, OPTIONS\r\n");
}

BOOST_AUTO_TEST_CASE(a_path_has_a_pattern_whatever_the_method) {
    const std::pair<std::string_view, std::string_view> patterns[] = {
        {"/", "/"},
        {"/user?name=x", "/user"},
        {"/user/x", "/user/{name}"},
        {"/health", "/health"},
        {"/metrics", "/metrics"},
        {"/cache/clear", "/cache/clear"},
        {"/employees", "/employees"},
        {"/employees/high-salary", "/employees/high-salary"},
        {"/employees/no-id", "/employees/{id}"},
        {"/items/", "/items/{id}"},
        {"/user/", "/user/{name}"},
        {"/health/live", "/health/live"},
        {"/health/x", "unknown"},
        {"/metrics/", "unknown"},
        {"/cache", "unknown"},
        {"/a/b/c", "unknown"},
    };
    for (const auto& [path, name] : patterns) {
        BOOST_TEST_CONTEXT(path) {
            BOOST_TEST(routes().path_of(parse_target(path)).pattern == name);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
