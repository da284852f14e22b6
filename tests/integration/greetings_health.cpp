// contract.md, "Greetings, health, documentation" (the documentation is in openapi.cpp and
// pages.cpp), and unknown routes. Both databases' outages as /health shows them are in outages.cpp.
#define BOOST_TEST_MODULE greetings_health
#include "fixture.hpp"

using namespace larder::test;

BOOST_TEST_GLOBAL_FIXTURE(SharedStack);

namespace {

std::string greeting(std::string_view path) {
    return expect_json(api().get(path), 200)["message"].string();
}

}  // namespace

BOOST_AUTO_TEST_CASE(root_is_the_welcome_line) {
    for (const auto& response : {api().get("/"), api().get("/", {"Accept: */*"}),
                                 api().get("/", {"Accept: application/json"})}) {
        BOOST_TEST(response.status == 200);
        BOOST_TEST(response.header("Content-Type").starts_with("text/plain"));
        const bool welcome = response.body == "Welcome to the Flask App!" ||
                             response.body == "Welcome to the Flask App!\n";
        BOOST_TEST(welcome);
    }
    BOOST_TEST(api().head("/").status == 200);
}

BOOST_AUTO_TEST_CASE(a_browser_gets_a_page) {
    const auto page = api().get("/", {"Accept: text/html,application/xhtml+xml,application/xml;"
                                      "q=0.9,image/avif,*/*;q=0.8"});
    BOOST_TEST(page.status == 200);
    BOOST_TEST(page.header("Content-Type").starts_with("text/html"));
    for (const auto* link : {"href=\"/docs\"", "href=\"/redoc\"", "href=\"/openapi.json\"",
                             "href=\"/status\"", "href=\"/health\""}) {
        BOOST_TEST_CONTEXT(link) { BOOST_TEST(page.body.contains(link)); }
    }
    BOOST_TEST(!page.body.contains("http://"));
    BOOST_TEST(!page.body.contains("https://"));
}

BOOST_AUTO_TEST_CASE(greeting_by_path) {
    BOOST_TEST(expect_json(api().get("/user/Alice"), 200) ==
               R"({"message": "Hello, Alice!"})"_json);
    BOOST_TEST(greeting("/user/J%C3%BCrgen%20O%27Hara") == "Hello, J\xC3\xBCrgen O'Hara!");
    BOOST_TEST(greeting("/user/%22%5C%3Cb%3E") == "Hello, \"\\<b>!");
    BOOST_TEST(greeting("/user/a+b") == "Hello, a+b!");
    BOOST_TEST(greeting("/user/a%2Fb") == "Hello, a/b!");
    BOOST_TEST(greeting("/user/50%25") == "Hello, 50%!");
    BOOST_TEST(greeting("/user/%2541") == "Hello, %41!");
    BOOST_TEST(api().get("/user/Alice?name=Bob").status == 422);
}

BOOST_AUTO_TEST_CASE(greeting_by_query) {
    BOOST_TEST(expect_json(api().get("/user?name=Bob"), 200) ==
               R"({"message": "Hello, Bob!"})"_json);
    BOOST_TEST(greeting("/user") == "Hello, Guest!");
    BOOST_TEST(greeting("/user?name=") == "Hello, Guest!");
    BOOST_TEST(greeting("/user?name") == "Hello, Guest!");
    BOOST_TEST(greeting("/user?") == "Hello, Guest!");
    for (const auto* query : {"other=x", "other=x&name=Bob", "surname=x&name=Bob", "name=%C3"}) {
        BOOST_TEST_CONTEXT(query) {
            BOOST_TEST(api().get(std::string("/user?") + query).status == 422);
        }
    }
    BOOST_TEST(greeting("/user?name=J%C3%BCrgen+O%27Hara%2B") == "Hello, J\xC3\xBCrgen O'Hara+!");
    BOOST_TEST(greeting("/user?name=a%26b=c") == "Hello, a&b=c!");
}

BOOST_AUTO_TEST_CASE(a_name_that_is_no_utf8_is_refused) {
    for (const auto* path : {"/user/%FF", "/user/%ED%A0%80"}) {
        BOOST_TEST_CONTEXT(path) { expect_problem(api().get(path), 400); }
    }
}

BOOST_AUTO_TEST_CASE(greetings_take_get_head_and_options_only) {
    for (const auto* path : {"/", "/user", "/user/Alice", "/health"}) {
        BOOST_TEST_CONTEXT(path) {
            BOOST_TEST(api().head(path).status == 200);
            BOOST_TEST(api().head(path).body == "");
            const auto options = api().options(path);
            BOOST_TEST(options.status / 100 == 2);
            expect_allow(options, {"GET", "HEAD", "OPTIONS"});
            const auto refused = api().post(path, "{}");
            expect_problem(refused, 405);
            expect_allow(refused, {"GET", "HEAD", "OPTIONS"});
        }
    }
}

BOOST_AUTO_TEST_CASE(health_of_a_healthy_server) {
    const auto health = expect_json(api().get("/health"), 200);
    for (const auto& [name, value] : std::initializer_list<std::pair<const char*, const char*>>{
             {"status", "healthy"},
             {"api", "operational"},
             {"database", "connected"},
             {"redis", "connected"},
             {"cache_fallback", "enabled"}}) {
        BOOST_TEST(health[name].string() == value);
    }
}

BOOST_AUTO_TEST_CASE(unknown_routes) {
    for (const auto* path :
         {"/nothing", "/employee", "/employees/1/salary", "/user/a/b", "/health/x", "/cache",
          "/cache/clear/x", "/favicon.ico", "/.git/config", "/employees/high-salary/1",
          "/Employees", "/EMPLOYEES", "/index.html"}) {
        BOOST_TEST_CONTEXT(path) {
            expect_problem(api().get(path), 404);
            expect_problem(api().post(path, "{}"), 404);
            BOOST_TEST(api().head(path).status == 404);
            expect_problem(api().options(path), 404);
        }
    }
}
