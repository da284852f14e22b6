// What PostgreSQL does not let Larder do: row-level security, and privileges that are missing.
#define BOOST_TEST_MODULE privileges
#include <fstream>

#include "fixture.hpp"
#include "plan/schema_bench.hpp"
#include "plan/side.hpp"

using namespace larder::test;

namespace {

/// A worker whose role owns no table, and may be refused what an owner may do.
class LimitedSide {
public:
    LimitedSide() {
        bench_.describe("boats",
                        "title = \"Boat\"\nid = \"integer\"\n[fields]\nname = { type = \"text\" }\n"
                        "berths = { type = \"integer\", unique = true, optional = true }\n");
        bench_.apply();
        bench_.run_sql(
            "CREATE ROLE limited LOGIN; GRANT USAGE ON SCHEMA larder TO limited;"
            " GRANT SELECT, UPDATE ON ALL TABLES IN SCHEMA larder TO limited;"
            " GRANT INSERT, DELETE ON larder.idempotency_keys TO limited;"
            " GRANT SELECT, INSERT, UPDATE, DELETE ON boats TO limited;"
            " ALTER TABLE boats ENABLE ROW LEVEL SECURITY;"
            " CREATE POLICY small ON boats USING (true) WITH CHECK (coalesce(berths, 0) < 10)");
        side_ = std::make_unique<Side>(bench_.directory() / "resources", settings());
        expect_json(client().post("/cache/clear", ""), 200);  // of the table of the case before
    }
    ~LimitedSide() {
        side_.reset();
        bench_.run_sql("DROP TABLE boats; DROP OWNED BY limited; DROP ROLE limited");
    }
    LimitedSide(const LimitedSide&) = delete;
    LimitedSide& operator=(const LimitedSide&) = delete;

    [[nodiscard]] const Client& client() const { return side_->client(); }
    void run_sql(const std::string& sql) const { bench_.run_sql(sql); }

    /// What the program of `larder check` says.
    [[nodiscard]] std::string diagnosis(const Environment& more = {}) const {
        auto environment = settings();
        environment.insert(more.begin(), more.end());
        const auto status = stack().status();
        environment.insert({{"RESOURCES_DIR", bench_.directory() / "resources"},
                            {"REDIS_URL", status.at("redis_url")},
                            {"RUN_DIR", status.at("run_dir")}});
        return run({program_directory() / "larder-worker", "--diagnose"}, environment).output;
    }

private:
    static Environment settings() {
        const std::string url = stack().status().at("database_url");
        return {{"DATABASE_URL", url.substr(0, url.find("&user=")) + "&user=limited"}};
    }

    SchemaBench bench_;
    std::unique_ptr<Side> side_;
};

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(SharedStack);

BOOST_AUTO_TEST_CASE(a_row_that_a_policy_refuses_is_forbidden_and_changes_nothing) {
    const LimitedSide side;
    const auto made =
        expect_json(side.client().post("/boats", R"({"name": "a", "berths": 4})"), 201);
    const auto path = path_of("/boats", made);
    for (const std::string body :
         {R"({"name": "b", "berths": 12})", R"({"name": "b", "berths": 99})"}) {
        const auto refused = expect_problem(side.client().post("/boats", body), 403);
        BOOST_TEST(refused["detail"].text() ==
                   "The database does not let Larder make this change.");
    }
    expect_problem(side.client().put(path, R"({"berths": 12})"), 403);
    expect_problem(side.client().patch(path, R"({"berths": 12})"), 403);
    BOOST_TEST(expect_json(side.client().get(path), 200) == made);
    BOOST_TEST(expect_json(side.client().get("/boats"), 200).size() == 1U);
    // What was refused holds no value.
    expect_json(side.client().post("/boats", R"({"name": "c", "berths": 5})"), 201);
    BOOST_TEST(!side.diagnosis().contains("privileges"), side.diagnosis());
}

// A row that a policy hides is not there.
BOOST_AUTO_TEST_CASE(a_row_that_a_policy_hides_is_not_found) {
    const LimitedSide side;
    const auto made = expect_json(side.client().post("/boats", R"({"name": "a"})"), 201);
    side.run_sql(
        "ALTER POLICY small ON boats USING (name <> 'hidden');"
        " INSERT INTO boats (id, name) VALUES (77, 'hidden')");
    expect_problem(side.client().get("/boats/77"), 404);
    expect_problem(side.client().put("/boats/77", R"({"name": "b"})"), 404);
    expect_problem(side.client().del("/boats/77"), 404);
    BOOST_TEST(expect_json(side.client().get("/boats"), 200).size() == 1U);
}

BOOST_AUTO_TEST_CASE(missing_privileges_are_named_and_no_fault_of_the_client) {
    const LimitedSide side;
    const auto made = expect_json(side.client().post("/boats", R"({"name": "a"})"), 201);
    const auto path = path_of("/boats", made);
    side.run_sql("REVOKE INSERT, UPDATE, DELETE ON boats FROM limited");
    expect_problem(side.client().post("/boats", R"({"name": "b"})"), 403);
    expect_problem(side.client().put(path, R"({"name": "b"})"), 403);
    expect_problem(side.client().del(path), 403);
    BOOST_TEST(expect_json(side.client().get(path), 200) == made);
    const auto told = side.diagnosis();
    BOOST_TEST(told.contains("problem: PostgreSQL: the role lacks privileges"), told);
    BOOST_TEST(told.contains("GRANT INSERT, UPDATE, DELETE ON public.\"boats\" TO limited;"), told);

    side.run_sql("REVOKE DELETE ON larder.idempotency_keys FROM limited");
    const auto told_of_keys = side.diagnosis();
    BOOST_TEST(told_of_keys.contains("GRANT DELETE ON larder.idempotency_keys TO limited;"),
               told_of_keys);

    const auto told_of_tokens = side.diagnosis({{"AUTH", "on"}});
    BOOST_TEST(told_of_tokens.contains("GRANT INSERT ON larder.token_uses TO limited;"),
               told_of_tokens);
    BOOST_TEST(!told.contains("larder.token"), told);

    // What cannot be read is neither absent nor forbidden to this client.
    side.run_sql("REVOKE SELECT ON boats FROM limited");
    for (const char* cold : {"/boats/4711", "/boats?limit=7"}) {
        const auto refused = side.client().get(cold);
        expect_problem(refused, 503);
        BOOST_TEST(refused.has("Retry-After"));
    }
    side.run_sql("GRANT SELECT, INSERT ON boats TO limited");
    expect_json(side.client().post("/boats", R"({"name": "b"})"), 201);
}
