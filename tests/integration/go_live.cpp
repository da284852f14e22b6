// Descriptions that change while a stack serves: a new resource with its table, a new field, a
// field that is dropped. No request fails, nothing is stale, and what was interrupted can be run
// again.
#define BOOST_TEST_MODULE go_live
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "feed.hpp"
#include "under_load.hpp"

using namespace larder::test;
namespace fs = std::filesystem;

BOOST_TEST_GLOBAL_FIXTURE(SharedStack);

namespace {

constexpr auto customers = R"toml(title = "Customer"
id = "uuid"

[fields]
email = { type = "text", min = 3, max = 254, unique = true, filter = true }
name = { type = "text", min = 1, max = 200, search = true, sort = true }
country = { type = "enum", values = ["DE", "FR", "NO"], filter = true }
)toml";

constexpr auto with_phone =
    R"toml(phone = { type = "text", max = 30, unique = true, optional = true }
)toml";

const fs::path& descriptions() {
    static const fs::path directory = [] {
        auto path = stack().directory() / "described-by-a-test";
        fs::copy(source_directory() / "resources", path);
        return path;
    }();
    return directory;
}

void describe(const std::string& name, const std::string& text) {
    std::ofstream(descriptions() / (name + ".toml")) << text;
}

Finished script(std::vector<std::string> command) {
    return stack().script(std::move(command), {{"RESOURCES_DIR", descriptions()}});
}

void succeeds(std::vector<std::string> command) {
    const auto finished = script(std::move(command));
    BOOST_TEST(finished.status == 0, finished.output);
}

void expect_nothing_to_do() {
    const auto plan = script({"plan"});
    BOOST_TEST(plan.status == 0, plan.output);
}

/// The file by which the host leaves Redis alone.
fs::path hold() { return fs::path(stack().status().at("run_dir")) / "hold"; }

/// A description as the workers read it.
std::string live(const std::string& name) {
    std::ifstream file(stack().directory() / "stack" / "resources" / (name + ".toml"));
    return {std::istreambuf_iterator<char>(file), {}};
}

/// A PATH whose sqitch fails where all that is left is to be deployed, which is after the restart.
std::string path_without_contract() {
    const fs::path directory = stack().directory() / "failing";
    fs::create_directory(directory);
    std::ofstream(directory / "sqitch")
        << "#!/bin/sh\nPATH=${PATH#*:}\ncase \" $* \" in\n*\" --to-change \"*) ;;\n"
           "*) echo interrupted by a test >&2; exit 1 ;;\nesac\nexec sqitch \"$@\"\n";
    fs::permissions(directory / "sqitch", fs::perms(0755));
    return directory.string() + ':' + std::getenv("PATH");
}

std::string ada() { return R"({"email": "ada@example.org", "name": "Ada", "country": "FR")"; }

}  // namespace

BOOST_AUTO_TEST_CASE(a_new_resource_goes_live_with_its_table) {
    expect_nothing_to_do();
    BOOST_TEST(api().get("/customers").status == 404);
    describe("customers", customers);
    const auto plan = script({"plan"});
    BOOST_TEST(plan.status == 2, plan.output);
    BOOST_TEST(plan.output.contains("CREATE TABLE IF NOT EXISTS public.\"customers\""),
               plan.output);
    under_load([] { succeeds({"up"}); });

    const Json made = create("/customers", ada() + '}');
    const auto path = path_of("/customers", made);
    BOOST_TEST(gets_cached(path));
    BOOST_TEST(expect_json(api().get("/customers"), 200).size() == 1U);
    expect_problem(api().post("/customers", ada() + '}'), 409);
    BOOST_TEST(expect_json(api().get("/openapi.json"), 200)["paths"].contains("/customers"));
    expect_nothing_to_do();
    // The feed follows the new table.
    BOOST_TEST_REQUIRE(eventually([] { return feed_follows(); }));
    stack().database().query("UPDATE customers SET name = 'Ada L.'");
    BOOST_TEST(comes_to_show(path, "Ada L."));
}

BOOST_AUTO_TEST_CASE(a_unique_field_comes_and_goes) {
    describe("customers", std::string(customers) + with_phone);
    under_load([] { succeeds({"apply"}); });
    expect_nothing_to_do();
    const auto path = path_of("/customers", expect_json(api().get("/customers"), 200).element(0));
    expect_json(api().patch(path, R"({"phone": "112"})"), 200);
    const auto other =
        R"({"email": "b@example.org", "name": "B", "country": "NO", "phone": "112"})";
    expect_problem(api().post("/customers", other), 409);

    describe("customers", customers);
    under_load([] { succeeds({"apply"}); });
    expect_problem(api().post("/customers", other), 422, {"/phone"});
    // Dropped only by its name.
    auto database = stack().database();
    BOOST_TEST(database.query("SELECT phone FROM customers WHERE phone = '112'").size() == 1U);
    succeeds({"apply", "--drop", "customers.phone"});
    BOOST_TEST(database
                   .query("SELECT FROM information_schema.columns"
                          " WHERE table_name = 'customers' AND column_name = 'phone'")
                   .empty());
    expect_nothing_to_do();
    expect_json(api().get(path), 200);
}

BOOST_AUTO_TEST_CASE(what_is_wrong_changes_nothing) {
    describe("customers", std::string(customers) + "note = { type = \"txet\" }\n");
    const auto refused = script({"up"});
    BOOST_TEST(refused.status == 1, refused.output);
    BOOST_TEST(refused.output.contains("did you mean `text`?"), refused.output);
    describe("customers", customers);
    expect_nothing_to_do();
    BOOST_TEST(expect_json(api().get("/customers"), 200).size() == 1U);
}

// It is valid as a description, and no worker can serve it.
BOOST_AUTO_TEST_CASE(what_no_worker_can_serve_changes_nothing) {
    const auto path = path_of("/customers", expect_json(api().get("/customers"), 200).element(0));
    describe("customers",
             std::string(customers) + "\n[lists.odd]\nwhere = \"oddness(name) > 1\"\n");
    for (const auto* command : {"up", "apply", "restart-workers"}) {
        const auto refused = script({command});
        BOOST_TEST(refused.status == 1, refused.output);
        BOOST_TEST(refused.output.contains("oddness"), refused.output);
        BOOST_TEST(!fs::exists(hold()));
        BOOST_TEST(!live("customers").contains("oddness"));
    }
    BOOST_TEST(gets_cached(path));
    describe("customers", customers);
    expect_nothing_to_do();
}

// The interrupted change has the drop of a column left, which the next descriptions need.
BOOST_AUTO_TEST_CASE(an_interrupted_change_gives_way_to_edited_descriptions) {
    describe("customers", std::string(customers) + with_phone);
    succeeds({"apply"});
    const auto path = path_of("/customers", expect_json(api().get("/customers"), 200).element(0));
    expect_json(api().patch(path, R"({"phone": "113"})"), 200);

    describe("customers",
             std::string(customers) + "fax = { type = \"text\", max = 30, optional = true }\n");
    const auto interrupted =
        stack().script({"apply", "--drop", "customers.phone"},
                       {{"RESOURCES_DIR", descriptions()}, {"PATH", path_without_contract()}});
    BOOST_TEST(interrupted.status == 1, interrupted.output);
    BOOST_TEST(interrupted.output.contains("interrupted by a test"), interrupted.output);
    BOOST_TEST(fs::exists(hold()));

    describe("customers", std::string(customers) + with_phone +
                              "mobile = { type = \"text\", max = 30, optional = true }\n");
    under_load([] {
        const auto finished = script({"apply"});
        BOOST_TEST(finished.status == 0, finished.output);
        BOOST_TEST(finished.output.contains("\nsuperseded "), finished.output);
    });
    BOOST_TEST(!fs::exists(hold()));
    BOOST_TEST(expect_json(api().get(path), 200)["phone"].text() == "113");
    expect_nothing_to_do();
    describe("customers", customers);
    succeeds({"apply"});
}

// As if `larder apply` had died: the host does without Redis, and answers.
BOOST_AUTO_TEST_CASE(an_interrupted_change_can_be_run_again) {
    const auto path = path_of("/customers", expect_json(api().get("/customers"), 200).element(0));
    BOOST_TEST(gets_cached(path));
    const auto held = run({program_directory() / "larder-worker", "--hold-redis"},
                          {{"RUN_DIR", hold().parent_path()}});
    BOOST_TEST_REQUIRE(held.status == 0, held.output);
    const auto handed_over = run({"chown", "--reference", hold().parent_path(), hold()});
    BOOST_TEST_REQUIRE(handed_over.status == 0, handed_over.output);
    for (int i = 0; i < 20; ++i) BOOST_TEST(api().get(path).header("X-Cache") == "BYPASS");
    expect_json(api().patch(path, R"({"name": "Ada K."})"), 200);
    expect_json(api().post("/cache/clear", ""), 200);
    BOOST_TEST(api().get(path).header("X-Cache") == "BYPASS");
    BOOST_TEST(api().get(path).body.contains("Ada K."));

    under_load([] { succeeds({"up"}); });
    BOOST_TEST(!fs::exists(hold()));
    BOOST_TEST(gets_cached(path));
}
