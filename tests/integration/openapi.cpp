// contract.md, "Greetings, health, documentation": that /openapi.json is true. tests/web/walk.mjs
// asks the server all that it says.
#define BOOST_TEST_MODULE openapi
#include <signal.h>

#include "fixture.hpp"

using namespace larder::test;

BOOST_TEST_GLOBAL_FIXTURE(SharedStack);

namespace {

Finished walk(const std::string& mode) {
    return run({"node", LARDER_WEB_TESTS "/walk.mjs", api().base_url(), mode});
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_answer_is_as_the_description_says) {
    const auto finished = walk("");
    BOOST_TEST(finished.status == 0, finished.output);
    BOOST_TEST_MESSAGE(finished.output);
}

BOOST_AUTO_TEST_CASE(it_is_what_the_worker_says_of_itself) {
    const auto printed = run({program_directory() / "larder-worker", "--print-openapi"},
                             {{"RESOURCES_DIR", source_directory() / "resources"}});
    const auto served = api().get("/openapi.json");
    BOOST_TEST(printed.status == 0);
    BOOST_TEST(served.header("Content-Type") == "application/json");
    BOOST_TEST(served.body == printed.output);
}

BOOST_AUTO_TEST_CASE(it_is_served_as_a_file) {
    const auto tag = api().get("/openapi.json").header("ETag");
    const auto same = api().get("/openapi.json", {"If-None-Match: " + tag});
    BOOST_TEST(same.status == 304);
    BOOST_TEST(same.body == "");
    // No worker is needed.
    stack().signal("worker", SIGSTOP);
    BOOST_TEST(api().get("/openapi.json").status == 200);
    stack().signal("worker", SIGCONT);
}

BOOST_AUTO_TEST_CASE(a_file_that_is_not_there_is_a_problem) {
    for (const auto* path :
         {"/docs/", "/docs/none.js", "/status/none", "/redoc/%2e%2e/openapi.json/"}) {
        BOOST_TEST_CONTEXT(path) { expect_problem(api().get(path), 404); }
    }
}

BOOST_AUTO_TEST_CASE(an_outage_of_the_database_is_as_the_description_says) {
    stack().stop("postgresql", SIGKILL);
    const auto finished = walk("outage");
    BOOST_TEST(finished.status == 0, finished.output);
}
