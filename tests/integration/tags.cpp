// Lists stay warm under writes: a named list hangs on its own condition, so that only a write whose
// record fulfils it, before or after, makes it cold. And they are as fresh as the list of all.
#define BOOST_TEST_MODULE tags
#include <atomic>
#include <filesystem>
#include <future>
#include <thread>

#include "feed.hpp"
#include "open_transaction.hpp"
#include "support/process.hpp"

using namespace larder::test;

BOOST_TEST_GLOBAL_FIXTURE(SharedStack);

namespace {

namespace fs = std::filesystem;

const std::string high = "/employees/high-salary";
const std::string limited = "/employees/high-salary?limit=1000000";

std::string state_of(const std::string& path) { return api().get(path).header("X-Cache"); }

/// Has both lists answered from a cache, and that of all employees.
void warm() {
    for (const auto& path : {high, limited, std::string("/employees")}) {
        BOOST_TEST_REQUIRE(gets_cached(path));
    }
}

void expect_warm() {
    BOOST_TEST(state_of(high) == "HIT");
    BOOST_TEST(state_of(limited) == "HIT");
    BOOST_TEST(state_of("/employees") == "MISS");
}

/// Both lists are cold, and are as `shows` says of an id.
void expect_cold(const Json& id, bool shows) {
    for (const auto& path : {high, limited}) {
        const auto response = api().get(path);
        BOOST_TEST(response.header("X-Cache") == "MISS");
        BOOST_TEST(with_id(Json::parse(response.body), id).is(Json::Kind::missing) != shows);
        BOOST_TEST_REQUIRE(gets_cached(path));
    }
}

std::string salary(const std::string& amount) { return R"({"salary": )" + amount + '}'; }

fs::path link_of_high_salary() {
    return fs::path(stack().status().at("run_dir")) / "employees.high-salary.list";
}

/// Asks a worker on the side to hold or release Redis, as `larder apply` does.
void run_worker(const std::string& option) {
    const auto done = run({program_directory() / "larder-worker", option},
                          {{"RUN_DIR", stack().status().at("run_dir")}});
    BOOST_TEST_REQUIRE(done.status == 0, done.output);
}

/// A door at which the COMMIT of a worker that has changed an employee waits.
class Door {
public:
    Door() {
        database_.query("SELECT pg_advisory_lock(1003)");
        database_.query(
            "CREATE FUNCTION public.wait_at_door() RETURNS trigger LANGUAGE plpgsql"
            " SET lock_timeout = 0 AS $$BEGIN"
            " IF current_setting('application_name') LIKE 'larder-worker%' THEN"
            " PERFORM pg_advisory_xact_lock_shared(1003); END IF; RETURN NULL; END$$");
        database_.query(
            "CREATE CONSTRAINT TRIGGER door AFTER UPDATE ON public.employees DEFERRABLE INITIALLY"
            " DEFERRED FOR EACH ROW EXECUTE FUNCTION public.wait_at_door()");
    }
    ~Door() {
        open();
        database_.query("DROP TRIGGER door ON public.employees");
        database_.query("DROP FUNCTION public.wait_at_door");
    }
    Door(const Door&) = delete;
    Door& operator=(const Door&) = delete;

    /// Whether a worker waits for `what`, a type of lock.
    bool has_waiting(const std::string& what) {
        return database_.value("SELECT count(*) FROM pg_locks WHERE NOT granted AND locktype = '" +
                               what + "'") != "0";
    }
    void open() { database_.query("SELECT pg_advisory_unlock_all()"); }

private:
    Database database_ = stack().database();
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_list_of_a_condition_stays_warm_while_other_records_change) {
    create("/employees", employee("Rich", "200000"));
    for (int round = 0; round < 3; ++round) {
        warm();
        const auto record = create("/employees", employee("Poor"));
        const auto path = path_of("/employees", record);
        expect_warm();
        warm();
        BOOST_TEST(api().put(path, salary("60000")).status == 200);
        expect_warm();
        warm();
        const auto tag = api().get(path).header("ETag");
        BOOST_TEST(api().put(path, R"({"name": "Still poor"})", {"If-Match: " + tag}).status ==
                   200);
        expect_warm();
        warm();
        BOOST_TEST(api().del(path).status == 200);
        expect_warm();
    }
}

BOOST_AUTO_TEST_CASE(it_goes_cold_when_a_record_enters_it_leaves_it_or_changes_within) {
    warm();
    const auto record = create("/employees", employee("A", "200000"));
    const auto path = path_of("/employees", record);
    expect_cold(record["id"], true);
    BOOST_TEST(api().put(path, salary("300000")).status == 200);
    expect_cold(record["id"], true);
    BOOST_TEST(api().patch(path, salary("100000")).status == 200);
    expect_cold(record["id"], false);
    BOOST_TEST(api().put(path, salary("100000.01")).status == 200);
    expect_cold(record["id"], true);
    const auto tag = api().get(path).header("ETag");
    BOOST_TEST(api().put(path, salary("1"), {"If-Match: " + tag}).status == 200);
    expect_cold(record["id"], false);
    BOOST_TEST(api().put(path, salary("500000")).status == 200);
    expect_cold(record["id"], true);
    BOOST_TEST(api().del(path).status == 200);
    expect_cold(record["id"], false);
    BOOST_TEST(api().post("/cache/clear", "").status == 200);
    BOOST_TEST(state_of(high) == "MISS");
}

BOOST_AUTO_TEST_CASE(writes_in_one_group_move_their_records_each) {
    std::vector<Json> records;
    for (int i = 0; i < 16; ++i) records.push_back(create("/employees", employee("A", "1")));
    for (const auto* amount : {"200000", "1", "300000", "2"}) {
        warm();
        const auto answers = in_parallel(records.size(), [&](std::size_t i) {
            return api().put(path_of("/employees", records[i]), salary(amount)).status;
        });
        for (const int status : answers) BOOST_TEST(status == 200);
        const auto list = expect_json(api().get(high), 200);
        for (const Json& record : records) {
            const bool is_listed = !with_id(list, record["id"]).is(Json::Kind::missing);
            BOOST_TEST(is_listed == (std::string(amount).size() > 1));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_list_is_kept_while_a_writer_is_at_work) {
    const auto record = create("/employees", employee("Open", "1"));
    const auto id = record["id"].text();
    BOOST_TEST(api().post("/cache/clear", "").status == 200);
    {
        const OpenTransaction open("UPDATE employees SET salary = 200000 WHERE id = $1", {id});
        for (const auto& path : {high, limited, std::string("/employees")}) {
            BOOST_TEST(state_of(path) == "MISS");
            BOOST_TEST(state_of(path) == "HIT");
        }
    }
    auto database = stack().database();
    database.query("UPDATE employees SET name = $2, salary = 200000 WHERE id = $1",
                   {id, "Foreign"});
    for (const auto& path : {high, limited, std::string("/employees")}) {
        BOOST_TEST(comes_to_show(path, "Foreign"));
    }
    database.query("UPDATE employees SET salary = 3 WHERE id = $1", {id});
    for (const auto& path : {high, limited}) {
        BOOST_TEST(eventually([&] { return !api().get(path).body.contains("Foreign"); },
                              std::chrono::seconds(180)));
    }
}

BOOST_AUTO_TEST_CASE(a_write_that_has_waited_knows_the_row_that_it_changes) {
    const auto record = create("/employees", employee("Moved", "1"));
    const auto is_listed = [&] {
        const auto list = expect_json(api().get(high), 200);
        return !with_id(list, record["id"]).is(Json::Kind::missing);
    };
    for (int round = 0; round < 3; ++round) {
        Door door;
        auto other = stack().database();
        other.query("BEGIN");
        other.query("UPDATE employees SET salary = 200000 WHERE id = $1", {record["id"].text()});
        auto written = std::async(std::launch::async, [&] {
            return api().put(path_of("/employees", record), salary("1")).status;
        });
        BOOST_TEST(eventually([&] { return door.has_waiting("transactionid"); }));
        other.query("COMMIT");
        BOOST_TEST_REQUIRE(eventually([&] { return door.has_waiting("advisory"); }));
        BOOST_TEST(eventually(is_listed));
        for (int i = 0; i < 10; ++i) BOOST_TEST(is_listed());
        door.open();
        BOOST_TEST(written.get() == 200);
        BOOST_TEST(!is_listed());
    }
}

// PostgreSQL's log has the COMMIT, and the feed takes it from there, long before it is visible.
BOOST_AUTO_TEST_CASE(a_foreign_commit_that_waits_for_a_standby_is_shown_when_it_is_visible) {
    const auto record = create("/employees", employee("Waits", "1"));
    auto database = stack().database();
    database.query("ALTER SYSTEM SET synchronous_standby_names = 'nobody'");
    database.query("SELECT pg_reload_conf()");
    std::thread writer([&] {
        auto waiting = stack().database();
        waiting.query("SET synchronous_commit = on");
        waiting.query("UPDATE employees SET name = 'Shown', salary = 200000 WHERE id = $1",
                      {record["id"].text()});
    });
    const bool waits = eventually([&] {
        return database.value(
                   "SELECT count(*) FROM pg_stat_activity WHERE wait_event = 'SyncRep'") == "1";
    });
    // The feed has done what it can: it goes on with what is visible.
    const auto other = unique_text("other");
    database.query("SET synchronous_commit = local");
    database.query(
        "UPDATE products SET name = $1 WHERE id = (SELECT min(id::text)::uuid FROM products)",
        {other});
    const bool follows = comes_to_show("/products", other);
    const bool is_kept = gets_cached(high) && gets_cached(limited) && gets_cached("/employees");
    const bool is_shown = api().get(high).body.contains("Shown");
    database.query("ALTER SYSTEM RESET synchronous_standby_names");
    database.query("SELECT pg_reload_conf()");
    writer.join();
    BOOST_TEST(waits);
    BOOST_TEST(follows);
    BOOST_TEST(is_kept);
    BOOST_TEST(!is_shown);
    for (const auto& path : {high, limited, std::string("/employees")}) {
        BOOST_TEST(comes_to_show(path, "Shown"));
    }
}

BOOST_AUTO_TEST_CASE(while_descriptions_change_nothing_hangs_on_a_condition) {
    const auto record = create("/employees", employee("A", "1"));
    warm();
    run_worker("--hold-redis");
    BOOST_TEST(fs::exists(link_of_high_salary()));
    BOOST_TEST(api().put(path_of("/employees", record), salary("2")).status == 200);
    BOOST_TEST(!fs::exists(link_of_high_salary()));
    for (int i = 0; i < 3; ++i) {
        BOOST_TEST(state_of(high) != "HIT");
        BOOST_TEST(state_of(limited) != "HIT");
    }
    BOOST_TEST(gets_cached("/employees"));
    run_worker("--release-redis");
    BOOST_TEST(gets_cached(high));
    BOOST_TEST(gets_cached(limited));
}

BOOST_AUTO_TEST_CASE(nobody_sees_a_list_without_his_own_write) {
    const auto own = path_of("/employees", create("/employees", employee("A", "1")));
    std::atomic<bool> done = false;
    const auto failures = in_parallel(6, [&](std::size_t i) {
        int count = 0;
        if (i > 2) {
            while (!done) count += api().get(i % 2 == 0 ? high : limited).status == 200 ? 0 : 1;
            return count;
        }
        const auto path =
            i == 0 ? own : path_of("/employees", create("/employees", employee("B", "1")));
        for (int round = 0; round < 100; ++round) {
            const auto name = unique_text("name") + '.';
            const bool is_high = round % 2 == 0;
            const auto body =
                R"({"name": ")" + name + R"(", "salary": )" + (is_high ? "200000" : "1") + '}';
            const bool written = api().put(path, body).status == 200;
            const auto& list = round % 3 == 0 ? limited : high;
            count += written && api().get(list).body.contains(name) == is_high ? 0 : 1;
        }
        if (i == 0) done = true;
        return count;
    });
    for (const int count : failures) BOOST_TEST(count == 0);
}
