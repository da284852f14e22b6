// contract.md, "Settings", and that a broken setting is one clear line and exit status 1. The three
// lifetimes are in expiry.cpp.
#define BOOST_TEST_MODULE settings
#include "fixture.hpp"

#include <algorithm>
#include <fstream>
#include <sstream>

#include "redis_process.hpp"

using namespace larder::test;

namespace {

struct Options : SharedStack {
    Options()
        : SharedStack({{"WELCOME_TEXT", "Grüß \"Gott\" $1"},
                       {"BODY_LIMIT_BYTES", "2000"},
                       {"DEBUG", "true"},
                       {"WORKERS", "3"},
                       {"METRICS_ALLOW", "192.0.2.1 2001:db8::/32"},
                       {"PREPARED_STATEMENTS", "false"}}) {}
};

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(Options);

namespace {

Finished worker(const std::string& option, Environment environment = {}) {
    environment.emplace("RESOURCES_DIR", source_directory() / "resources");
    return run({program_directory() / "larder-worker", option}, environment);
}

std::vector<std::string> lines_of(std::istream& input) {
    std::vector<std::string> lines;
    for (std::string line; std::getline(input, line);) lines.push_back(line);
    return lines;
}

std::vector<std::string> printed_settings() {
    std::istringstream output(worker("--print-settings").output);
    return lines_of(output);
}

/// The environment of a worker that could serve beside those of the stack.
Environment working_environment() {
    const auto status = stack().status();
    return {{"DATABASE_URL", status.at("database_url")},
            {"REDIS_URL", status.at("redis_url")},
            {"RUN_DIR", status.at("run_dir")}};
}

void expect_refused(const std::string& name, const std::string& value) {
    auto environment = working_environment();
    environment[name] = value;
    const auto finished = worker("--check", environment);
    BOOST_TEST_CONTEXT(name << '=' << value << ": " << finished.output) {
        BOOST_TEST(finished.status == 1);
        BOOST_TEST(std::ranges::count(finished.output, '\n') == 1);
        BOOST_TEST(finished.output.ends_with('\n'));
        BOOST_TEST(finished.output.contains(name));
    }
}

std::string item_of(std::size_t size) { return R"({"a":")" + std::string(size - 8, 'x') + "\"}"; }

void expect_cached(const Client& client) {
    const auto record = expect_json(client.post("/items", "{}"), 201);
    const auto path = path_of("/items", record);
    BOOST_TEST(client.get(path).status == 200);
    BOOST_TEST(client.get(path).header("X-Cache") == "HIT");
}

}  // namespace

// Its tables have their usual size in the stack, as they have in the nginx of a host.
BOOST_AUTO_TEST_CASE(nginx_has_nothing_to_warn_of) {
    const auto status = stack().status();
    const auto checked = run({"/usr/sbin/nginx", "-t", "-e", "stderr", "-p", status.at("stack"),
                              "-c", status.at("nginx_conf")},
                             {});
    BOOST_TEST(checked.status == 0);
    BOOST_TEST(!checked.output.contains("[warn]"), checked.output);
}

BOOST_AUTO_TEST_CASE(check_is_silent_about_what_is_right) {
    const auto finished = worker("--check", working_environment());
    BOOST_TEST(finished.status == 0, finished.output);
    const auto status = stack().status();
    auto keywords = working_environment();
    keywords["DATABASE_URL"] =
        "host=" + status.at("postgresql_socket") + " dbname='larder' user=larder";
    BOOST_TEST(worker("--check", keywords).status == 0);
}

BOOST_AUTO_TEST_CASE(a_broken_setting_is_one_line_and_status_1) {
    for (const auto* name : {"CACHE_TTL_SECONDS", "ITEM_CACHE_TTL", "LIST_CACHE_TTL"}) {
        for (const auto* value : {"abc", "-1", "1.5", "1s", " 1", "99999999999999999999"}) {
            expect_refused(name, value);
        }
    }
    for (const auto* value : {"0x1", "-1", "70000", "redis"}) expect_refused("REDIS_PORT", value);
    for (const auto* value : {"-1", "x"}) expect_refused("REDIS_DB", value);
    for (const auto* value : {"http://localhost", "localhost:6379", "redis://host:port/0",
                              "redis://host/x", "unix://"}) {
        expect_refused("REDIS_URL", value);
    }
    for (const auto* value : {"maybe", "2", "tru"}) {
        expect_refused("DEBUG", value);
        for (const auto* name :
             {"PREPARED_STATEMENTS", "ACCESS_LOG", "TRACE_READS", "DATABASE_REQUEST_ID"}) {
            expect_refused(name, value);
        }
    }
    for (const auto* value : {"xml", "Text", "json "}) expect_refused("LOG_FORMAT", value);
    for (const auto* value : {"all", "10.0.0.0/33", "::1;"}) expect_refused("METRICS_ALLOW", value);
    for (const auto* name :
         {"API_PORT", "STORE_THREADS", "QUEUE_LIMIT", "BODY_LIMIT_BYTES", "REDIS_TIMEOUT_MS"}) {
        for (const auto* value : {"0", "-5", "many"}) expect_refused(name, value);
    }
    for (const auto* value : {"-1", "257", "many"}) expect_refused("WORKERS", value);
}

BOOST_AUTO_TEST_CASE(an_empty_setting_is_the_default) {
    auto environment = working_environment();
    environment["CACHE_TTL_SECONDS"] = "";
    environment["DEBUG"] = "";
    BOOST_TEST(worker("--check", environment).status == 0);
}

BOOST_AUTO_TEST_CASE(a_database_that_cannot_serve_is_one_line_and_status_1) {
    const auto socket = stack().status().at("postgresql_socket");
    for (const auto& url : {std::string("mysql://localhost/x"), std::string("host"),
                            "host=" + socket + " user=larder dbname=nowhere",
                            "host=" + socket + " user=larder dbname=postgres",
                            std::string("host=/nowhere dbname=larder")}) {
        auto environment = working_environment();
        environment["DATABASE_URL"] = url;
        const auto finished = worker("--check", environment);
        BOOST_TEST_CONTEXT(url << ": " << finished.output) {
            BOOST_TEST(finished.status == 1);
            BOOST_TEST(std::ranges::count(finished.output, '\n') == 1);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_database_that_is_not_utf8_is_refused_at_start) {
    for (const std::string encoding : {"SQL_ASCII", "LATIN1"}) {
        auto database = stack().database();
        database.query("CREATE DATABASE other ENCODING '" + encoding +
                       "' LC_COLLATE 'C' LC_CTYPE 'C' TEMPLATE template0");
        auto environment = working_environment();
        environment["DATABASE_URL"] =
            "host=" + stack().status().at("postgresql_socket") + " user=larder dbname=other";
        for (const auto* option : {"--check", "--diagnose"}) {
            const auto finished = worker(option, environment);
            BOOST_TEST_CONTEXT(option << ": " << finished.output) {
                BOOST_TEST(finished.status == 1);
                BOOST_TEST(finished.output.contains("the database has the encoding " + encoding));
                BOOST_TEST(finished.output.contains("ENCODING 'UTF8'"));
            }
        }
        database.query("DROP DATABASE other WITH (FORCE)");
    }
}

BOOST_AUTO_TEST_CASE(the_readme_has_the_table_of_the_program) {
    std::ifstream file(source_directory() / "README.md");
    BOOST_REQUIRE(file.good());
    const auto readme = lines_of(file);
    const auto table = printed_settings();
    BOOST_TEST(table.size() > 10U);
    BOOST_TEST(!std::ranges::search(readme, table).empty(),
               "README.md must contain, line by line, what larder-worker --print-settings prints");
}

BOOST_AUTO_TEST_CASE(the_settings_of_the_contract_have_its_defaults) {
    const std::pair<std::string, std::string> defaults[] = {
        {"API_HOST", "127.0.0.1"},
        {"API_PORT", "8080"},
        {"DATABASE_URL", "postgresql:///larder"},
        {"REDIS_URL", ""},
        {"REDIS_HOST", "127.0.0.1"},
        {"REDIS_PORT", "6379"},
        {"REDIS_DB", "0"},
        {"CACHE_TTL_SECONDS", "3600"},
        {"ITEM_CACHE_TTL", ""},
        {"LIST_CACHE_TTL", "300"},
        {"DEBUG", "false"},
        {"WELCOME_TEXT", "Welcome to the Flask App!"},
        {"BODY_LIMIT_BYTES", "1048576"}};
    const auto table = printed_settings();
    for (const auto& [name, value] : defaults) {
        const auto row = std::ranges::find_if(
            table, [&](const std::string& line) { return line.starts_with("| `" + name + "` |"); });
        BOOST_TEST_CONTEXT(name) {
            BOOST_REQUIRE((row != table.end()));
            BOOST_TEST(row->contains(value));
        }
    }
}

BOOST_AUTO_TEST_CASE(the_program_explains_itself) {
    const auto help = worker("--help");
    BOOST_TEST(help.status == 0);
    for (const auto* option : {"--check", "--version", "--print-settings", "--print-lists"}) {
        BOOST_TEST(help.output.contains(option));
    }
    BOOST_TEST(worker("--version").status == 0);
    BOOST_TEST(worker("--nonsense").status != 0);
    const auto lists = worker("--print-lists").output;
    BOOST_TEST(
        lists.contains("/employees/high-salary employees plain list-high-salary high-salary -\n"));
    BOOST_TEST(lists.contains("/items items flagged list - -\n"));
}

BOOST_AUTO_TEST_CASE(only_those_who_are_named_may_read_the_metrics) {
    expect_problem(api().get("/metrics"), 403);
    BOOST_TEST(api().head("/metrics").status == 403);
    BOOST_TEST(api().options("/metrics").status == 403);
    for (const auto* path :
         {"/metrics?x", "/metrics#x", "/%6Detrics", "/metric%73", "/./metrics", "/%2E/metrics",
          "/x/../metrics", "/employees/../metrics", "//metrics", "/%2Fmetrics", "/metrics/",
          "/metrics%2F", "/metrics%00", "/METRICS", "/metrics;", "http://127.0.0.1/metrics"}) {
        BOOST_TEST_CONTEXT(path) {
            const auto response = parse_response(
                api().raw({"GET " + std::string(path) +
                           " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n"}));
            BOOST_TEST(response.status >= 400);
            BOOST_TEST(!response.body.contains("larder_"));
        }
    }
}

BOOST_AUTO_TEST_CASE(the_welcome_line_is_a_setting) {
    BOOST_TEST(api().get("/").body.starts_with("Grüß \"Gott\" $1"));
}

BOOST_AUTO_TEST_CASE(the_limit_of_a_body_is_a_setting) {
    BOOST_TEST(api().post("/items", item_of(2000)).status == 201);
    expect_problem(api().post("/items", item_of(2001)), 413);
}

BOOST_AUTO_TEST_CASE(the_number_of_workers_is_a_setting) {
    BOOST_TEST(stack().pids("worker").size() == 3U);
}

BOOST_AUTO_TEST_CASE(debug_logs_every_hit_miss_fill_and_invalidation) {
    const auto record = create("/products", product("logged"));
    const auto path = path_of("/products", record);
    BOOST_TEST(api().get(path).header("X-Cache") == "MISS");
    BOOST_TEST(api().get(path).header("X-Cache") == "HIT");
    BOOST_TEST(api().put(path, R"({"price": 2})").status == 200);
    const auto logged = [&](const std::string& outcome) {
        std::ifstream log(stack().directory() / "stack" / "logs" / "worker.log");
        return std::ranges::any_of(lines_of(log), [&](std::string line) {
            std::ranges::transform(line, line.begin(), [](unsigned char c) {
                return static_cast<char>(std::tolower(c));
            });
            return line.contains(record["id"].string()) && line.contains(outcome);
        });
    };
    BOOST_TEST(eventually([&] { return logged("hit"); }));
    BOOST_TEST(eventually([&] { return logged("miss"); }));
    BOOST_TEST(eventually([&] { return logged("event=cache_filled"); }));
    BOOST_TEST(eventually([&] { return logged("event=cache_invalidated"); }));
}

BOOST_AUTO_TEST_CASE(the_address_of_the_server_and_redis_by_its_parts) {
    const RedisProcess redis;
    const Stack own({{"API_HOST", "127.0.0.2"},
                     {"REDIS_HOST", "127.0.0.1"},
                     {"REDIS_PORT", redis.port()},
                     {"REDIS_DB", "3"}});
    expect_cached(own.client());
    const auto status = own.status();
    BOOST_TEST(status.at("url") == own.client().base_url());
    BOOST_TEST(Client("http://127.0.0.1:" + status.at("url").substr(17)).get("/").status == 0);
    BOOST_TEST(redis.holds_keys("3"));
    BOOST_TEST(!redis.holds_keys("0"));
}

BOOST_AUTO_TEST_CASE(redis_by_url_wins_over_the_parts) {
    const RedisProcess redis;
    const Stack own({{"REDIS_URL", "redis://127.0.0.1:" + redis.port() + "/2"},
                     {"REDIS_HOST", "192.0.2.1"},
                     {"REDIS_PORT", "1"},
                     {"REDIS_DB", "5"}});
    expect_cached(own.client());
    BOOST_TEST(redis.holds_keys("2"));
    BOOST_TEST(!redis.holds_keys("5"));
}
