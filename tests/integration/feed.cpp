// What psql or a batch job writes shows in records, lists and the duplicate check, because
// larder-feed follows PostgreSQL's log. (README, "What is guaranteed")
#define BOOST_TEST_MODULE feed
#include "feed.hpp"

#include <fstream>

using namespace larder::test;
using namespace std::chrono_literals;

namespace {

struct FollowedStack : SharedStack {
    FollowedStack() {
        BOOST_TEST_REQUIRE(eventually([] { return feed_follows(); }));
    }
};

void sql(const std::string& statement) { stack().database().query(statement); }

#ifdef __SANITIZE_ADDRESS__
constexpr long most_memory = 384;  // AddressSanitizer keeps up to 256 MiB of what was freed
#else
constexpr long most_memory = 64;
#endif

/// The resident memory of the feed at its highest, in MiB.
long feed_peak_memory() {
    std::ifstream status("/proc/" + std::to_string(stack().pids("feed").at(0)) + "/status");
    for (std::string word; status >> word;) {
        long kilobytes = 0;
        if (word == "VmHWM:" && status >> kilobytes) return kilobytes / 1024;
    }
    return 0;
}

struct Sample {
    std::string collection;
    std::string insert;  // gives the id
    std::string update;  // $1: id, and the name becomes "After"
    std::string list;
};

const Sample samples[] = {
    {"employees",
     "INSERT INTO employees (name, salary, department) VALUES ('Before', 200000, 'Sales')",
     "UPDATE employees SET name = 'After' WHERE id = $1", "/employees/high-salary"},
    {"products", "INSERT INTO products (name, price, stock_quantity) VALUES ('Before', 1, 1)",
     "UPDATE products SET name = 'After' WHERE id = $1", "/products"},
    {"items", R"(INSERT INTO items (data) VALUES ('{"name": "Before"}'))",
     R"(UPDATE items SET data = '{"name": "After"}' WHERE id = $1)", "/items"},
};

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(FollowedStack);

BOOST_AUTO_TEST_CASE(rows_of_every_resource) {
    auto database = stack().database();
    for (const auto& [collection, insert, update, list] : samples) {
        BOOST_TEST_CONTEXT(collection) {
            BOOST_TEST(gets_cached(list));
            const auto id = database.value(insert + " RETURNING id");
            BOOST_TEST(comes_to_show(list, "Before"));
            const auto path = std::string("/").append(collection).append("/").append(id);
            BOOST_TEST(gets_cached(path));
            BOOST_TEST(gets_cached(list));
            database.query(update, {id});
            BOOST_TEST(comes_to_show(path, "After"));
            BOOST_TEST(comes_to_show(list, "After"));
            BOOST_TEST(!api().get(list).body.contains("Before"));
            BOOST_TEST(gets_cached(path));
            BOOST_TEST(gets_cached(list));
            database.query("DELETE FROM " + collection + " WHERE id = $1", {id});
            BOOST_TEST(eventually([&] { return api().get(path).status == 404; }));
            BOOST_TEST(eventually([&] { return !api().get(list).body.contains("After"); }));
        }
    }
}

BOOST_AUTO_TEST_CASE(employee_ids_that_move) {
    const auto freed = unique_text("E");
    const auto taken = unique_text("E");
    const auto id = create("/employees", employee_with_id(freed))["id"].text();
    expect_problem(api().post("/employees", employee_with_id(freed)), 409);
    sql("UPDATE employees SET employee_id = '" + taken + "' WHERE id = " + id);
    BOOST_TEST(eventually(
        [&] { return api().post("/employees", employee_with_id(freed)).status == 201; }));
    expect_problem(api().post("/employees", employee_with_id(taken)), 409);
    expect_problem(api().post("/employees", employee_with_id(taken)), 409);
    sql("DELETE FROM employees WHERE id = " + id);
    BOOST_TEST(eventually(
        [&] { return api().post("/employees", employee_with_id(taken)).status == 201; }));
}

BOOST_AUTO_TEST_CASE(what_workers_write_stays_in_the_cache) {
    const auto path = path_of("/employees", create("/employees", employee("A")));
    for (int i = 0; i < 20; ++i) {
        BOOST_TEST(api().put(path, R"({"salary": )" + std::to_string(i) + '}').status == 200);
        std::this_thread::sleep_for(10ms);
        BOOST_TEST(api().get(path).header("X-Cache") == "HIT");
    }
}

BOOST_AUTO_TEST_CASE(what_workers_write_together_stays_in_the_cache) {
    std::vector<std::string> paths;
    for (int i = 0; i < 48; ++i) {
        paths.push_back(path_of("/employees", create("/employees", employee("A"))));
    }
    const auto answers = in_parallel(paths.size(), [&](std::size_t i) {
        return api().put(paths[i], R"({"salary": )" + std::to_string(i) + '}');
    });
    for (const auto& answer : answers) BOOST_TEST(answer.status == 200);
    std::this_thread::sleep_for(100ms);
    for (const auto& path : paths) BOOST_TEST(api().get(path).header("X-Cache") == "HIT");
}

BOOST_AUTO_TEST_CASE(a_trigger_that_writes_more_than_the_worker_knows_of) {
    const auto touched = path_of("/products", create("/products", product("Untouched")));
    sql("CREATE FUNCTION public.touch() RETURNS trigger LANGUAGE plpgsql AS"
        " 'BEGIN UPDATE products SET name = NEW.name; RETURN NULL; END'");
    sql("CREATE TRIGGER touch AFTER UPDATE ON employees FOR EACH ROW EXECUTE FUNCTION touch()");
    const auto path = path_of("/employees", create("/employees", employee("A")));
    BOOST_TEST(gets_cached(touched));
    BOOST_TEST(gets_cached("/products"));
    BOOST_TEST(api().put(path, R"({"name": "Touched"})").status == 200);
    BOOST_TEST(comes_to_show(touched, "Touched"));
    BOOST_TEST(comes_to_show("/products", "Touched"));
    sql("DROP TRIGGER touch ON employees");
    sql("DROP FUNCTION public.touch");
}

BOOST_AUTO_TEST_CASE(a_table_that_is_emptied) {
    const auto path = path_of("/items", create("/items", R"({"name": "Gone"})"));
    BOOST_TEST(gets_cached(path));
    BOOST_TEST(gets_cached("/items"));
    sql("TRUNCATE items");
    BOOST_TEST(eventually([&] { return api().get(path).status == 404; }));
    BOOST_TEST(eventually([&] { return !api().get("/items").body.contains("Gone"); }));
}

BOOST_AUTO_TEST_CASE(a_table_that_changes_its_shape) {
    const auto record = create("/products", product("Shaped"));
    const auto path = path_of("/products", record);
    const auto rename = [&](const std::string& name) {
        BOOST_TEST(gets_cached(path));
        sql("UPDATE products SET name = '" + name + "' WHERE id = '" + record["id"].text() + "'");
        BOOST_TEST(comes_to_show(path, name));
    };
    rename("One");
    sql("ALTER TABLE products ADD COLUMN colour text DEFAULT 'red'");
    rename("Two");
    sql("ALTER TABLE products DROP COLUMN colour");
    rename("Three");
    BOOST_TEST(feed_follows());
}

BOOST_AUTO_TEST_CASE(a_transaction_that_stays_open) {
    const auto path = path_of("/employees", create("/employees", employee("Open")));
    const auto other = create("/employees", employee("Other"));
    const auto other_path = path_of("/employees", other);
    auto open = stack().database();
    open.query("BEGIN");
    open.query("UPDATE employees SET name = 'Late' WHERE id = $1::bigint",
               {path.substr(path.rfind('/') + 1)});
    BOOST_TEST(api().get(path).body.contains("Open"));
    BOOST_TEST(gets_cached(other_path));
    sql("UPDATE employees SET name = 'Changed' WHERE id = " + other["id"].text());
    BOOST_TEST(comes_to_show(other_path, "Changed"));
    BOOST_TEST(comes_to_show("/employees", "Changed"));
    BOOST_TEST(!api().get(path).body.contains("Late"));
    open.query("COMMIT");
    BOOST_TEST(comes_to_show(path, "Late"));
    BOOST_TEST(comes_to_show("/employees", "Late"));
}

BOOST_AUTO_TEST_CASE(transactions_of_many_rows_take_little_memory) {
    const auto path = path_of("/employees", create("/employees", employee("Small")));
    BOOST_TEST(gets_cached("/employees/high-salary"));
    sql("INSERT INTO employees (name, salary, department, employee_id)"
        " SELECT 'Many', 200000 + n, 'Many', 'M' || n FROM generate_series(1, 200000) AS n");
    BOOST_TEST(comes_to_show("/employees/high-salary?limit=10", "Many"));
    BOOST_TEST(gets_cached(path));
    sql("UPDATE employees SET name = name || ' of them'");
    BOOST_TEST(comes_to_show(path, "Small of them"));
    BOOST_TEST(gets_cached(path));
    // The log delivers a transaction as a whole, so this one waits behind all those rows.
    sql("DELETE FROM employees WHERE department = 'Many'");
    sql("UPDATE employees SET name = 'Last'");
    BOOST_TEST(comes_to_show(path, "Last"));
    BOOST_TEST(comes_to_show("/employees", "Last"));
    BOOST_TEST(feed_peak_memory() < most_memory);
}
