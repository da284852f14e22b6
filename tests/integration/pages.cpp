// The start page, /docs, /redoc and /status in a browser: tests/web/pages.mjs. Its screenshots stay
// in the build directory.
#define BOOST_TEST_MODULE pages
#include "fixture.hpp"

using namespace larder::test;

BOOST_TEST_GLOBAL_FIXTURE(SharedStack);

BOOST_AUTO_TEST_CASE(people_can_use_them) {
    const auto finished = run(
        {"node", LARDER_WEB_TESTS "/pages.mjs", api().base_url(), LARDER_WEB_TESTS "/screenshots"});
    BOOST_TEST(finished.status == 0, finished.output);
}

BOOST_AUTO_TEST_CASE(no_page_lets_anything_in_from_elsewhere) {
    for (const auto* path : {"/", "/docs", "/redoc", "/status"}) {
        BOOST_TEST_CONTEXT(path) {
            const auto page = api().get(path, {"Accept: text/html"});
            const auto policy = page.header("Content-Security-Policy");
            BOOST_TEST(policy.starts_with("default-src 'none'; "));
            for (const auto* loophole : {"unsafe", "*", "http", "strict-dynamic"}) {
                BOOST_TEST(!policy.contains(loophole));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(what_nginx_refuses_of_them_is_a_problem) {
    expect_problem(api().get("/docs", {"If-Match: \"x\""}), 412);
    expect_problem(api().get("/docs", {"Range: bytes=999999-"}), 416);
}
