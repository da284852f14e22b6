// CONTRIBUTING.md, "A new resource": the description there, taken as it is, makes a resource with
// everything that a resource has.
#define BOOST_TEST_MODULE departments
#include <filesystem>

#include "fixture.hpp"

using namespace larder::test;
namespace fs = std::filesystem;

namespace {

/// The descriptions that come along, and the one of the text.
fs::path descriptions() {
    const fs::path directory = fs::path(LARDER_EXAMPLE_DIRECTORY) / "with_example";
    fs::remove_all(directory);
    fs::copy(source_directory() / "resources", directory);
    fs::copy(fs::path(LARDER_EXAMPLE_DIRECTORY) / "resources", directory);
    return directory;
}

/// Runs already when the resource comes.
struct ExampleStack : SharedStack {
    ExampleStack() {
        for (const auto& [command, status] : {std::pair("plan", 2), {"up", 0}, {"plan", 0}}) {
            const auto done = stack().script({command}, {{"RESOURCES_DIR", descriptions()}});
            BOOST_REQUIRE_MESSAGE(done.status == status, done.output);
        }
    }
};

const std::string engineering = R"({"code": "ENG", "title": "Engineering", "budget": 10.50})";

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(ExampleStack);

BOOST_AUTO_TEST_CASE(it_is_described_and_true_to_that) {
    const auto description = expect_json(api().get("/openapi.json"), 200);
    for (const std::string path : {"/departments", "/departments/funded", "/departments/{id}"}) {
        BOOST_TEST(!description["paths"][path].is(Json::Kind::missing));
    }
    const auto finished = run({"node", LARDER_WEB_TESTS "/walk.mjs", api().base_url()});
    BOOST_TEST(finished.status == 0, finished.output);
}

BOOST_AUTO_TEST_CASE(it_has_routes_validation_caches_lists_and_the_duplicate_check) {
    const auto created = expect_json(api().post("/departments", engineering), 201);
    BOOST_TEST(created["budget"].text() == "10.50");
    const std::string path = path_of("/departments", created);
    BOOST_TEST(api().get(path).header("X-Cache") == "HIT");

    expect_problem(api().post("/departments", engineering), 409);
    expect_problem(api().post("/departments", R"({"code": "E", "budget": -1, "x": 0})"), 422,
                   {"/code", "/title", "/budget", "/x"});

    for (const std::string list : {"/departments", "/departments/funded"}) {
        BOOST_TEST(expect_json(api().get(list), 200).size() == 1U);
        BOOST_TEST(eventually([&] { return api().get(list).header("X-Cache") == "HIT"; }));
    }
    expect_json(api().put(path, R"({"budget": null})"), 200);
    BOOST_TEST(expect_json(api().get("/departments/funded"), 200).size() == 0U);
    BOOST_TEST(api().del(path).status == 204);
    expect_problem(api().get(path), 404);
}

BOOST_AUTO_TEST_CASE(it_has_metrics_of_its_own) {
    const auto text = api().get("/metrics").body;
    for (const auto* series :
         {R"(larder_cache_reads_total{resource="departments",result="hit"})",
          R"(larder_http_requests_total{route="/departments",method="POST",status="201"})",
          R"(larder_http_requests_total{route="/departments/{id}",method="GET",status="200"})"}) {
        BOOST_TEST(text.contains(series), series);
    }
}

BOOST_AUTO_TEST_CASE(the_other_resources_are_untouched) {
    BOOST_TEST(api().get("/employees").status == 200);
    BOOST_TEST(api().get("/products").status == 200);
}
