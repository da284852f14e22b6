// What clients send are personal records: no log of a stack has a value of a body, whatever makes a
// write fail.
#define BOOST_TEST_MODULE secret_values
#include <csignal>
#include <fstream>
#include <iterator>
#include <thread>

#include "fixture.hpp"
#include "open_transaction.hpp"

using namespace larder::test;
namespace fs = std::filesystem;

namespace {

struct Impatient : SharedStack {
    Impatient()
        : SharedStack(Environment{
              {"POSTGRES_ARGS", "-c fsync=off -c deadlock_timeout=10ms -c log_lock_waits=on"}}) {}
};

/// The lines of all logs of the stack that have this text.
std::string lines_with(const std::string& text) {
    std::string found;
    for (const auto& entry : fs::directory_iterator(stack().directory() / "stack" / "logs")) {
        std::ifstream file(entry.path());
        for (std::string line; std::getline(file, line);) {
            if (line.contains(text)) found += entry.path().filename().string() + ": " + line + '\n';
        }
    }
    return found;
}

/// A value that is found in the logs only if it was logged.
std::string secret() { return unique_text("sEcret"); }

void expect_unlogged(const std::string& value) {
    // Each server writes its lines before it answers.
    const auto lines = lines_with(value);
    BOOST_TEST(lines.empty(), lines);
}

/// A write that fails with this status, and leaves no value of its own in a log.
void expect_secret_failure(const std::string& value, const Response& answer, int status) {
    expect_problem(answer, status);
    expect_unlogged(value);
}

std::string id_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

std::string named(const std::string& name) { return "{\"name\": " + json_string(name) + '}'; }

/// Something that is in the way of products for as long as it exists.
class Obstacle {
public:
    Obstacle(const std::string& begin, std::string end) : end_(std::move(end)) {
        stack().database().query(begin);
    }
    ~Obstacle() { stack().database().query(end_); }
    Obstacle(const Obstacle&) = delete;
    Obstacle& operator=(const Obstacle&) = delete;

private:
    std::string end_;
};

Obstacle constraint(const std::string& definition) {
    return {"ALTER TABLE products ADD CONSTRAINT obstacle " + definition,
            "ALTER TABLE products DROP CONSTRAINT obstacle"};
}

/// A trigger that raises a message with the name of the product in it.
Obstacle trigger(const std::string& level, const std::string& options = {}) {
    stack().database().query(
        "CREATE OR REPLACE FUNCTION obstacle() RETURNS trigger LANGUAGE plpgsql AS"
        " $$ BEGIN RAISE " +
        level + " 'no % here', NEW.name " + options + "; RETURN NEW; END $$");
    return {
        "CREATE TRIGGER obstacle BEFORE INSERT OR UPDATE ON products FOR EACH ROW EXECUTE"
        " FUNCTION obstacle()",
        "DROP TRIGGER obstacle ON products"};
}

/// A PUT of a product whose row somebody has locked; `meanwhile` gets the process ids of the
/// sessions that wait for it, once there are some.
template <class Meanwhile>
Response put_to_locked_row(const std::string& name, Meanwhile meanwhile) {
    const auto path = path_of("/products", create("/products", product("A")));
    OpenTransaction holder("SELECT FROM products WHERE id = $1::uuid FOR UPDATE", {id_of(path)});
    Response answer;
    std::thread writer([&] { answer = api().put(path, named(name)); });
    auto database = stack().database();
    (void)eventually([&] {
        const auto waiting = database.query(
            "SELECT pid FROM pg_stat_activity WHERE application_name = 'larder-worker'"
            " AND wait_event_type = 'Lock'");
        if (!waiting.empty()) meanwhile(holder, std::stoi(waiting[0][0]));
        return !waiting.empty();
    });
    writer.join();
    return answer;
}

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(Impatient);

BOOST_AUTO_TEST_CASE(what_a_constraint_refuses) {
    const auto value = secret();
    const auto check = constraint("CHECK (name NOT LIKE 'sEcret%') NOT VALID");
    expect_secret_failure(value, api().post("/products", product(value)), 422);
    const auto path = path_of("/products", create("/products", product("A")));
    expect_secret_failure(value, api().put(path, named(value)), 422);
    expect_secret_failure(value, api().patch(path, named(value)), 422);
}

BOOST_AUTO_TEST_CASE(what_is_there_already) {
    const auto value = secret();
    for (const auto* when : {"", " DEFERRABLE INITIALLY DEFERRED"}) {
        stack().database().query("DELETE FROM products");
        const auto unique = constraint(std::string("UNIQUE (name)") + when);
        create("/products", product(value));
        const auto answers =
            in_parallel(8, [&](std::size_t) { return api().post("/products", product(value)); });
        for (const auto& answer : answers) expect_problem(answer, 409);
        const auto path = path_of("/products", create("/products", product("B")));
        expect_secret_failure(value, api().put(path, named(value)), 409);
    }
    create("/employees", employee_with_id(value));
    expect_secret_failure(value, api().post("/employees", employee_with_id(value)), 409);
}

BOOST_AUTO_TEST_CASE(what_a_cast_or_a_trigger_names) {
    const auto value = secret();
    {
        const auto cast = constraint("CHECK (name::numeric > 0) NOT VALID");
        expect_secret_failure(value, api().post("/products", product(value)), 422);
    }
    {
        const auto raising = trigger("EXCEPTION");
        BOOST_TEST(api().post("/products", product(value)).status >= 400);
        expect_unlogged(value);
    }
    {
        const auto raising = trigger("EXCEPTION", "USING ERRCODE = 'unique_violation'");
        expect_secret_failure(value, api().post("/products", product(value)), 409);
    }
    const auto warning = trigger("WARNING");
    BOOST_TEST(api().post("/products", product(value)).status == 201);
    expect_unlogged(value);
}

BOOST_AUTO_TEST_CASE(what_waits_too_long_or_is_cancelled) {
    const auto value = secret();
    const auto nothing = [](auto&, int) {};
    expect_secret_failure(value, put_to_locked_row(value, nothing), 503);
    const auto cancel = [](auto&, int pid) {
        stack().database().query("SELECT pg_cancel_backend($1::int)", {std::to_string(pid)});
    };
    expect_secret_failure(value, put_to_locked_row(value, cancel), 503);
    const auto terminate = [](auto&, int pid) {
        stack().database().query("SELECT pg_terminate_backend($1::int)", {std::to_string(pid)});
    };
    BOOST_TEST(put_to_locked_row(value, terminate).status > 0);
    expect_unlogged(value);
}

BOOST_AUTO_TEST_CASE(what_was_in_a_deadlock) {
    const auto value = secret();
    const auto lock_all = [](OpenTransaction& holder, int) {
        // Either of the two is told of the deadlock, with what the other one runs.
        holder.try_query("LOCK TABLE products IN ACCESS EXCLUSIVE MODE");
        holder.release();
    };
    BOOST_TEST(put_to_locked_row(value, lock_all).status > 0);
    expect_unlogged(value);
}

BOOST_AUTO_TEST_CASE(what_a_session_ran_that_crashed) {
    const auto value = secret();
    const auto kill = [](auto&, int pid) { stack().kill(pid, SIGKILL); };
    BOOST_TEST(put_to_locked_row(value, kill).status > 0);
    BOOST_TEST(eventually([] { return api().post("/products", product("A")).status == 201; }));
    BOOST_TEST(!lines_with("was terminated by signal 9").empty());
    // It is what was asked for.
    BOOST_TEST(stack().take_unasked_deaths().size() == 1U);
    expect_unlogged(value);
}
