#include "http/router.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

#include "resources.hpp"

using namespace larder;
using namespace larder::http;

namespace {

constexpr std::string_view uuid = "550e8400-e29b-41d4-a716-446655440000";
constexpr Method methods[] = {Method::get, Method::head,  Method::options, Method::post,
                              Method::put, Method::patch, Method::remove,  Method::other};

Expected<Route> find(Method method, std::string_view path) {
    const auto target = parse_target(path);
    return match(resources(), method, target);
}

Route found(Method method, std::string_view path) {
    auto route = find(method, path);
    BOOST_REQUIRE_MESSAGE(route, "no route for " << path);
    return std::move(*route);
}

bool is_missing(Method method, std::string_view path) {
    const auto route = find(method, path);
    return !route && route.error().kind == ErrorKind::not_found;
}

/// Every method that is not in `allow` gets 405 with Allow; OPTIONS gets the same text.
void check_allow(std::string_view path, const std::string& allow,
                 std::initializer_list<Method> known) {
    BOOST_TEST_CONTEXT(path) {
        const Route options = found(Method::options, path);
        BOOST_TEST((options.action == Action::options));
        BOOST_TEST(options.text == allow);
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

BOOST_AUTO_TEST_SUITE(router)

BOOST_AUTO_TEST_CASE(fixed_paths_have_their_actions) {
    BOOST_TEST((found(Method::get, "/").action == Action::welcome));
    BOOST_TEST((found(Method::get, "/?x=1").action == Action::welcome));
    BOOST_TEST((found(Method::get, "/health").action == Action::health));
    BOOST_TEST((found(Method::get, "/metrics").action == Action::metrics));
    BOOST_TEST((found(Method::post, "/cache/clear").action == Action::clear_caches));
    BOOST_TEST((found(Method::head, "/").action == Action::welcome));
    BOOST_TEST((found(Method::head, "/health").action == Action::health));
}

BOOST_AUTO_TEST_CASE(files_are_known_for_their_other_methods) {
    for (const auto* path : {"/openapi.json", "/docs", "/redoc", "/status"}) {
        BOOST_TEST((found(Method::get, path).action == Action::page));
        check_allow(path, "GET, HEAD, OPTIONS", {Method::get, Method::head});
        BOOST_TEST(is_missing(Method::get, std::string(path) + "/"));
    }
}

BOOST_AUTO_TEST_CASE(a_greeting_knows_whom_to_greet) {
    const auto greeted = [](std::string_view path) {
        const Route route = found(Method::get, path);
        BOOST_TEST((route.action == Action::greet));
        return route.text;
    };
    BOOST_TEST(greeted("/user/Alice") == "Alice");
    BOOST_TEST(greeted("/user/Zo%C3%AB") == "Zoë");
    BOOST_TEST(greeted("/user/a%2Fb") == "a/b");
    BOOST_TEST(greeted("/user/Alice?name=Bob") == "Alice");
    BOOST_TEST(greeted("/user?name=Bob") == "Bob");
    BOOST_TEST(greeted("/user?name=") == "Guest");
    BOOST_TEST(greeted("/user") == "Guest");
    BOOST_TEST(is_missing(Method::get, "/user/"));
}

BOOST_AUTO_TEST_CASE(a_collection_is_listed_and_added_to) {
    for (const auto* name : {"employees", "products", "items"}) {
        const std::string path = std::string("/") + name;
        for (const Method method : {Method::get, Method::head}) {
            const Route list = found(method, path);
            BOOST_TEST((list.action == Action::list));
            BOOST_TEST(list.resource == &resource(name));
            BOOST_REQUIRE(list.list != nullptr);
            BOOST_TEST(list.list->path.empty());
            BOOST_TEST(list.limit.empty());
        }
        const Route create = found(Method::post, path);
        BOOST_TEST((create.action == Action::create));
        BOOST_TEST(create.resource == &resource(name));
    }
}

BOOST_AUTO_TEST_CASE(a_list_has_its_path_and_limit) {
    for (const auto* path : {"high-salary", "top2-by-department"}) {
        const Route route = found(Method::get, std::string("/employees/") + path + "?limit=5");
        BOOST_TEST((route.action == Action::list));
        BOOST_REQUIRE(route.list != nullptr);
        BOOST_TEST(route.list->path == path);
        BOOST_TEST(route.limit == "5");
    }
    BOOST_TEST(found(Method::get, "/items?limit=abc").limit == "abc");
}

BOOST_AUTO_TEST_CASE(a_record_has_four_actions_and_a_canonical_id) {
    const std::pair<Method, Action> actions[] = {
        {Method::get, Action::read},      {Method::head, Action::read},
        {Method::put, Action::replace},   {Method::patch, Action::patch},
        {Method::remove, Action::remove},
    };
    for (const auto& [method, action] : actions) {
        const Route employee = found(method, "/employees/12");
        BOOST_TEST((employee.action == action));
        BOOST_TEST(employee.resource == &resource("employees"));
        BOOST_TEST(employee.list == nullptr);
        BOOST_TEST(employee.id == "12");
        for (const auto* name : {"products", "items"}) {
            const Route route =
                found(method, std::string("/") + name + "/550E8400-E29B-41D4-A716-446655440000");
            BOOST_TEST((route.action == action));
            BOOST_TEST(route.resource == &resource(name));
            BOOST_TEST(route.id == uuid);
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
    const auto target = parse_target("/boats");
    BOOST_TEST((match(boats, Method::post, target)->action == Action::create));
    const auto listed = match(boats, Method::get, target);
    BOOST_REQUIRE(!listed);
    BOOST_TEST(listed.error().headers == "Allow: POST, OPTIONS\r\n");
}

BOOST_AUTO_TEST_CASE(a_path_has_a_template_whatever_the_method) {
    const std::pair<std::string_view, std::string_view> templates[] = {
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
        {"/user/", "unknown"},
        {"/health/x", "unknown"},
        {"/metrics/", "unknown"},
        {"/cache", "unknown"},
        {"/a/b/c", "unknown"},
    };
    for (const auto& [path, name] : templates) {
        BOOST_TEST_CONTEXT(path) {
            const auto target = parse_target(path);
            BOOST_TEST(path_template(locate(resources(), target)) == name);
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
