// Defaults of the role and the database that are not PostgreSQL's own: a session sets what its
// meaning depends on by itself (contract.md, "Everywhere").
#define BOOST_TEST_MODULE hostile_defaults
#include <thread>

#include "hostile.hpp"
#include "open_transaction.hpp"

using namespace larder::test;
using namespace std::chrono_literals;

BOOST_TEST_GLOBAL_FIXTURE(SharedStack);

namespace {

/// What runs as often as a statement that writes is executed: a sequence keeps what a transaction
/// that is rolled back has taken from it.
class Executions {
public:
    Executions() {
        database_.query("CREATE SEQUENCE public.executions");
        database_.query(
            "CREATE FUNCTION public.count_execution() RETURNS trigger LANGUAGE plpgsql AS"
            " $$BEGIN PERFORM nextval('public.executions'); RETURN NULL; END$$");
        database_.query(
            "CREATE TRIGGER executions AFTER INSERT OR UPDATE ON public.products FOR EACH ROW"
            " EXECUTE FUNCTION public.count_execution()");
    }
    ~Executions() {
        database_.query("DROP FUNCTION public.count_execution CASCADE");
        database_.query("DROP SEQUENCE public.executions");
    }
    Executions(const Executions&) = delete;
    Executions& operator=(const Executions&) = delete;

    /// How many there were since the last call.
    int take() {
        const auto now = std::stoi(database_.value("SELECT nextval('public.executions')"));
        const int since = now - last_ - 1;
        last_ = now;
        return since;
    }

private:
    Database database_ = stack().database();
    int last_ = 0;
};

}  // namespace

BOOST_AUTO_TEST_CASE(the_contract_holds_with_any_defaults) {
    for (const auto* whose : {"ROLE CURRENT_USER", "DATABASE larder"}) {
        for (const std::string isolation : {"repeatable read", "serializable"}) {
            const HostileDefaults defaults(whose, isolation);
            BOOST_TEST_CONTEXT(whose << ", " << isolation) { expect_whole_contract(api()); }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_cancelled_statement_is_unavailable_and_not_repeated) {
    auto database = stack().database();
    const auto path = path_of("/products", create("/products", product("A")));
    OpenTransaction holder("SELECT FROM products WHERE id = $1::uuid FOR UPDATE",
                           {path.substr(path.rfind('/') + 1)});
    Response answer;
    std::thread writer([&] { answer = api().put(path, R"({"name": "B"})"); });
    // As long as it waits for the row, a statement of the workers is cancelled; once is enough.
    BOOST_TEST(eventually([&] {
        return !database
                    .query(
                        "SELECT pg_cancel_backend(pid) FROM pg_stat_activity WHERE"
                        " application_name = 'larder-worker' AND wait_event_type = 'Lock'")
                    .empty();
    }));
    writer.join();
    expect_problem(answer, 503);
    BOOST_TEST(!answer.body.contains("locked by another"), answer.body);
    holder.release();
    BOOST_TEST(api().put(path, R"({"name": "C"})").status == 200);
}

BOOST_AUTO_TEST_CASE(a_locked_row_is_waited_for_and_then_said_to_be_locked) {
    const auto path = path_of("/products", create("/products", product("A")));
    OpenTransaction holder("SELECT FROM products WHERE id = $1::uuid FOR UPDATE",
                           {path.substr(path.rfind('/') + 1)});
    const auto answer = api().put(path, R"({"name": "B"})");
    expect_problem(answer, 503);
    BOOST_TEST(answer.has("Retry-After"));
    BOOST_TEST(answer.body.contains("locked this record"), answer.body);
    holder.release();
    BOOST_TEST(api().put(path, R"({"name": "C"})").status == 200);
}

BOOST_AUTO_TEST_CASE(a_commit_that_is_refused_is_a_plain_failure) {
    auto database = stack().database();
    database.query("DELETE FROM products");
    database.query(
        "ALTER TABLE products ADD CONSTRAINT one_name UNIQUE (name) DEFERRABLE INITIALLY DEFERRED");
    create("/products", product("One"));
    const auto path = path_of("/products", create("/products", product("Two")));
    const auto tag = api().get(path).header("ETag");
    Executions executions;
    expect_problem(api().post("/products", product("One")), 409);
    BOOST_TEST(executions.take() == 1);
    expect_problem(api().put(path, R"({"name": "One"})"), 409);
    BOOST_TEST(executions.take() == 1);
    expect_problem(api().put(path, R"({"name": "One"})", {"If-Match: " + tag}), 409);
    BOOST_TEST(executions.take() == 1);
    BOOST_TEST(expect_json(api().get(path), 200)["name"].text() == "Two");
    database.query("ALTER TABLE products DROP CONSTRAINT one_name");
    BOOST_TEST(api().put(path, R"({"name": "One"})").status == 200);
}

BOOST_AUTO_TEST_CASE(a_commit_that_a_trigger_refuses_is_tried_once_and_not_unknown) {
    auto database = stack().database();
    database.query(
        "CREATE FUNCTION public.refuse() RETURNS trigger LANGUAGE plpgsql AS"
        " $$BEGIN RAISE EXCEPTION 'no' USING ERRCODE = 'raise_exception'; END$$");
    const auto path = path_of("/products", create("/products", product("Two")));
    const auto tag = api().get(path).header("ETag");
    database.query(
        "CREATE CONSTRAINT TRIGGER refuse AFTER INSERT OR UPDATE ON public.products DEFERRABLE"
        " INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION public.refuse()");
    {
        Executions executions;
        const auto refused = [&](const Response& answer) {
            expect_problem(answer, 422);
            BOOST_TEST(!answer.body.contains("unknown"), answer.body);
            BOOST_TEST(executions.take() == 1);
        };
        refused(api().post("/products", product("One")));
        refused(api().put(path, R"({"name": "One"})"));
        refused(api().put(path, R"({"name": "One"})", {"If-Match: " + tag}));
    }
    database.query("DROP FUNCTION public.refuse CASCADE");
    BOOST_TEST(expect_json(api().get(path), 200)["name"].text() == "Two");
    BOOST_TEST(api().put(path, R"({"name": "One"})").status == 200);
}
