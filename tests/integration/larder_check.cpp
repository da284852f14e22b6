// larder check, on whole stacks: silent about one that is in order, and for every fault one line
// that says what is wrong and what to do.
#define BOOST_TEST_MODULE larder_check
#include "feed.hpp"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <filesystem>
#include <fstream>
#include <sstream>

using namespace larder::test;
namespace fs = std::filesystem;

BOOST_TEST_GLOBAL_FIXTURE(SharedStack);

namespace {

/// Runs `larder check` with the settings of a stack, changed or completed by others.
Finished check(const Stack& checked = stack(), const Environment& changes = {}) {
    const auto status = checked.status();
    Environment settings = {{"API_HOST", "127.0.0.1"},
                            {"API_PORT", status.at("url").substr(status.at("url").rfind(':') + 1)},
                            {"DATABASE_URL", status.at("database_url")},
                            {"REDIS_URL", status.at("redis_url")},
                            {"RUN_DIR", status.at("run_dir")}};
    for (const auto& [name, value] : changes) settings[name] = value;
    const auto file = checked.directory() / "larder.env";
    std::ofstream text(file);
    for (const auto& [name, value] : settings) text << name << '=' << value << '\n';
    text.close();
    struct stat owner{};
    stat(status.at("run_dir").c_str(), &owner);
    const auto account = run({"id", "-nu", std::to_string(owner.st_uid)}).output;
    return run({source_directory() / "scripts" / "larder", "check"},
               {{"LARDER_SETTINGS", file},
                {"LARDER_ACCOUNT", account.substr(0, account.find('\n'))},
                {"LARDER_WORKER", program_directory() / "larder-worker"},
                {"LARDER_FEED", program_directory() / "larder-feed"},
                {"LARDER_SCHEMA", program_directory() / "larder-schema"}});
}

std::vector<std::string> lines_with(const std::string& beginning, const std::string& output) {
    std::vector<std::string> found;
    std::istringstream lines(output);
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with(beginning)) found.push_back(line);
    }
    return found;
}

/// Exactly one problem, which begins so and says so what to do.
void expect_problem_line(const Finished& finished, const std::string& what,
                         const std::string& to_do) {
    const auto problems = lines_with("problem: ", finished.output);
    BOOST_TEST_CONTEXT(finished.output) {
        BOOST_TEST(finished.status == 1);
        BOOST_REQUIRE(problems.size() == 1U);
        BOOST_TEST(problems[0].starts_with("problem: " + what), problems[0]);
        BOOST_TEST(problems[0].contains(to_do), problems[0]);
    }
}

void expect_advice(const Finished& finished, const std::string& what, const std::string& to_do) {
    const auto advice = lines_with("advice: " + what, finished.output);
    BOOST_TEST_CONTEXT(finished.output) {
        BOOST_TEST(finished.status == 0);
        BOOST_REQUIRE(advice.size() == 1U);
        BOOST_TEST(advice[0].contains(to_do), advice[0]);
    }
}

/// Sets a parameter of the stack's Redis for as long as it exists.
class RedisParameter {
public:
    RedisParameter(std::string name, const std::string& value) : name_(std::move(name)) {
        auto redis = stack().redis();
        const auto now = redis.command({"CONFIG", "GET", name_});
        former_ = now.substr(now.find('\n') + 1);
        redis.command({"CONFIG", "SET", name_, value});
    }
    ~RedisParameter() { stack().redis().command({"CONFIG", "SET", name_, former_}); }
    RedisParameter(const RedisParameter&) = delete;
    RedisParameter& operator=(const RedisParameter&) = delete;

private:
    std::string name_;
    std::string former_;
};

}  // namespace

BOOST_AUTO_TEST_CASE(a_stack_in_order_has_no_problem) {
    BOOST_TEST_REQUIRE(eventually([] { return feed_follows(); }));
    const auto finished = check();
    BOOST_TEST_CONTEXT(finished.output) {
        BOOST_TEST(finished.status == 0);
        for (const auto* part :
             {"settings:", "directory:", "socket:", "settings and database schema",
              "PostgreSQL:", "Redis:", "feed:", "answer:"}) {
            BOOST_TEST(!lines_with(std::string("ok: ") + part, finished.output).empty(), part);
        }
        BOOST_TEST(lines_with("problem", finished.output).empty());
        // That of every new installation.
        BOOST_TEST(lines_with("advice", finished.output).size() == 1U);
        BOOST_TEST(lines_with("advice: metrics: ", finished.output).size() == 1U);
        const auto closed = check(stack(), {{"METRICS_ALLOW", "none"}});
        BOOST_TEST(lines_with("advice", closed.output).empty(), closed.output);
    }
}

BOOST_AUTO_TEST_CASE(settings_that_are_misspelled_or_open_to_all) {
    expect_problem_line(check(stack(), {{"REDIS_ULR", "x"}}), "settings: REDIS_ULR",
                        "man 5 larder");
    expect_problem_line(check(stack(), {{"STORE_THREADS", "0"}}), "settings: STORE_THREADS",
                        "from 1 to 256");
    expect_problem_line(check(stack(), {{"PGPASSWORD", "secret"}}), "settings: every account",
                        "chmod 0640");
}

BOOST_AUTO_TEST_CASE(a_file_of_libpq_with_a_password_that_others_can_read) {
    const auto file = stack().directory() / "services.conf";
    std::ofstream(file) << "[other]\nhost=db.example\npassword = secret\n";
    const Environment settings = {{"PGSERVICEFILE", file}};
    BOOST_REQUIRE(chmod(file.c_str(), 0644) == 0);
    expect_problem_line(check(stack(), settings), "settings: every account", file);
    BOOST_REQUIRE(chmod(file.c_str(), 0600) == 0);
    BOOST_TEST(lines_with("problem: ", check(stack(), settings).output).empty());
    if (geteuid() != 0) return;  // whose file has another group
    BOOST_TEST(run({"chgrp", "games", file}).status == 0);
    BOOST_REQUIRE(chmod(file.c_str(), 0640) == 0);
    expect_problem_line(check(stack(), settings), "settings: the group games", "chgrp");
}

BOOST_AUTO_TEST_CASE(what_lets_in_more_than_is_meant) {
    expect_advice(check(stack(), {{"CORS_ORIGINS", "*"}}), "origins: ", "set CORS_ORIGINS");
    BOOST_TEST(lines_with("advice: origins",
                          check(stack(), {{"CORS_ORIGINS", "https://a.example"}}).output)
                   .empty());
    const auto open = check(stack(), {{"API_HOST", "0.0.0.0"}}).output;
    BOOST_TEST(lines_with("advice: limits: nginx listens on", open).size() == 1U, open);
    const auto limited = check(stack(), {{"API_HOST", "0.0.0.0"}, {"RATE_LIMIT", "100/s"}}).output;
    BOOST_TEST(lines_with("advice: limits", limited).empty(), limited);
}

BOOST_AUTO_TEST_CASE(a_directory_that_is_not_there) {
    const auto finished =
        check(stack(), {{"RUN_DIR", "/nowhere"},
                        {"WORKER_ADDRESS", "unix:" + stack().status().at("worker_socket")}});
    expect_problem_line(finished, "directory: RUN_DIR /nowhere", "systemd-tmpfiles");
}

BOOST_AUTO_TEST_CASE(lists_and_a_socket_that_every_account_reaches) {
    const auto run_dir = stack().status().at("run_dir");
    BOOST_REQUIRE(chmod(run_dir.c_str(), 0755) == 0);
    const auto opened = check();
    BOOST_REQUIRE(chmod(run_dir.c_str(), 0700) == 0);
    expect_problem_line(opened, "directory: every account", "chmod 2750 " + run_dir);

    const auto socket = stack().status().at("worker_socket");
    BOOST_REQUIRE(chmod(run_dir.c_str(), 0711) == 0);
    BOOST_REQUIRE(chmod(socket.c_str(), 0666) == 0);
    const auto usable = check();
    BOOST_REQUIRE(chmod(socket.c_str(), 0600) == 0);
    BOOST_REQUIRE(chmod(run_dir.c_str(), 0700) == 0);
    const auto problems = lines_with("problem: socket: every account", usable.output);
    BOOST_TEST_CONTEXT(usable.output) { BOOST_TEST(problems.size() == 1U); }
}

BOOST_AUTO_TEST_CASE(descriptions_with_mistakes) {
    const auto directory = stack().directory() / "descriptions";
    std::filesystem::copy(source_directory() / "resources", directory);
    std::ofstream(directory / "boats.toml") << "title = \"Boat\"\nid = 7\nprimd = true\n";
    std::ofstream(directory / "user.toml") << "title = \"User\"\nid = \"uuid\"\n";
    const auto finished = check(stack(), {{"RESOURCES_DIR", directory}});
    BOOST_TEST(finished.status == 1);
    const std::string problem = "problem: resources: " + (directory / "").string();
    for (const std::string what : {"boats.toml:2:6: ",
                                   "boats.toml:3:1: `primd` is not a known key; did"
                                   " you mean `primed`?",
                                   "user.toml: the name of a resource is a path of Larder's own"}) {
        BOOST_TEST(lines_with(problem + what, finished.output).size() == 1U, finished.output);
    }
    BOOST_TEST(lines_with("problem: ", finished.output).size() == 3U, finished.output);
    // PostgreSQL and Redis are looked at all the same.
    BOOST_TEST(!lines_with("ok: PostgreSQL:", finished.output).empty(), finished.output);
    // Nothing that runs is disturbed, and nothing starts with it.
    const auto refused = stack().script({"restart-workers"}, {{"RESOURCES_DIR", directory}});
    BOOST_TEST(refused.status == 1);
    BOOST_TEST(refused.output.contains("boats.toml:3:1: "), refused.output);
    BOOST_TEST(refused.output.contains("nothing was changed"), refused.output);
    BOOST_TEST(api().get("/employees").status == 200);
}

BOOST_AUTO_TEST_CASE(a_socket_that_leads_nowhere) {
    const auto missing = (stack().directory() / "none.sock").string();
    expect_problem_line(check(stack(), {{"WORKER_ADDRESS", "unix:" + missing}}),
                        "socket: there is no", "start them");
    const auto abandoned = (stack().directory() / "old.sock").string();
    BOOST_REQUIRE(mknod(abandoned.c_str(), S_IFSOCK | 0666, 0) == 0);
    expect_problem_line(check(stack(), {{"WORKER_ADDRESS", "unix:" + abandoned}}),
                        "socket: nobody listens", "start the workers again");
    const auto port = std::to_string(free_port());
    expect_problem_line(check(stack(), {{"WORKER_ADDRESS", "127.0.0.1:" + port}}),
                        "socket: nobody accepts connections at 127.0.0.1:" + port,
                        "WORKER_ADDRESS");
}

BOOST_AUTO_TEST_CASE(rights_that_nginx_lacks) {
    if (geteuid() != 0) return;  // only root can look with the eyes of another account
    const auto socket = stack().status().at("worker_socket");
    // The account of a stack that root has started is nginx's, so it is root's for a moment.
    BOOST_TEST(run({"chown", "root", socket}).status == 0);
    const auto finished = check();
    BOOST_TEST(run({"chown", "www-data", socket}).status == 0);
    // Whether nginx still answers depends on the connections that it has kept.
    const auto problems = lines_with("problem: socket: nginx may not connect", finished.output);
    BOOST_TEST_CONTEXT(finished.output) {
        BOOST_TEST(finished.status == 1);
        BOOST_REQUIRE(problems.size() == 1U);
        BOOST_TEST(problems[0].contains("chmod g+w"));
    }
}

BOOST_AUTO_TEST_CASE(a_port_at_which_nobody_answers) {
    expect_problem_line(check(stack(), {{"API_PORT", std::to_string(free_port())}}),
                        "answer: nothing answers", "nginx");
}

BOOST_AUTO_TEST_CASE(connections_that_do_not_suffice) {
    expect_problem_line(check(stack(), {{"WORKERS", "40"}}),
                        "PostgreSQL: WORKERS and STORE_THREADS", "max_connections");
}

BOOST_AUTO_TEST_CASE(a_log_of_postgresql_that_gets_values) {
    auto database = stack().database();
    database.query("ALTER ROLE CURRENT_USER RESET log_min_messages");
    database.query("ALTER ROLE CURRENT_USER SET log_min_duration_statement = '250ms'");
    const auto finished = check();
    expect_advice(finished, "PostgreSQL: its log can get values",
                  ": ALTER ROLE larder SET log_min_messages = 'log';"
                  " ALTER ROLE larder SET log_min_duration_statement = '-1';");
    const auto advice = lines_with("advice: PostgreSQL: ", finished.output).at(0);
    const auto sql = advice.substr(advice.find("ALTER"));
    for (std::size_t begin = 0; begin < sql.size();) {
        const auto end = sql.find(';', begin);
        database.query(sql.substr(begin, end - begin));
        begin = end + 1;
    }
    BOOST_TEST(lines_with("advice: PostgreSQL: ", check().output).empty());
    database.query("ALTER ROLE CURRENT_USER RESET log_min_duration_statement");
}

BOOST_AUTO_TEST_CASE(a_redis_that_is_no_good_cache) {
    {
        const RedisParameter policy("maxmemory-policy", "noeviction");
        expect_problem_line(check(), "Redis: at maxmemory", "allkeys-lru");
        const RedisParameter memory("maxmemory", "0");
        expect_advice(check(), "Redis: it has no memory limit", "maxmemory");
    }
    {
        const RedisParameter save("save", "3600 1");
        expect_advice(check(), "Redis: it writes its data to disk", "save \"\"");
    }
    const auto port = std::to_string(free_port());
    expect_problem_line(check(stack(), {{"REDIS_URL", "redis://127.0.0.1:" + port}}),
                        "Redis: 127.0.0.1:" + port + " does not answer", "REDIS_URL");
}

BOOST_AUTO_TEST_CASE(a_schema_that_is_behind) {
    stack().database().query("ALTER TABLE larder.epoch RENAME TO other");
    const auto finished = check();
    stack().database().query("ALTER TABLE larder.other RENAME TO epoch");
    expect_problem_line(finished, "the database schema is behind", "larder migrate");
}

BOOST_AUTO_TEST_CASE(a_feed_that_cannot_follow) {
    const Stack replica(Environment{{"POSTGRES_ARGS", "-c fsync=off -c wal_level=replica"}});
    expect_problem_line(check(replica), "feed: edits past the workers",
                        "set wal_level = logical and restart PostgreSQL");
}

BOOST_AUTO_TEST_CASE(a_database_that_is_away) {
    stack().stop("postgresql", SIGINT);
    const auto finished = check();
    stack().up();
    BOOST_TEST_CONTEXT(finished.output) {
        BOOST_TEST(finished.status == 1);
        BOOST_TEST(lines_with("problem: PostgreSQL is out of reach", finished.output).size() == 1U);
        BOOST_TEST(lines_with("problem: answer:", finished.output).size() == 1U);
    }
}

BOOST_AUTO_TEST_CASE(workers_that_are_gone) {
    stack().down();
    const auto finished = check();
    stack().up();
    BOOST_TEST(finished.status == 1);
    for (const auto* part : {"PostgreSQL is out", "Redis:", "answer:", "feed:"}) {
        BOOST_TEST(!lines_with(std::string("problem: ") + part, finished.output).empty(), part);
    }
}
