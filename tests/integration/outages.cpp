// contract.md, "Everywhere": Redis out of reach is no error at all; PostgreSQL out of reach is a
// 503 with Retry-After, and what is cached is still served. /health tells of both.
#define BOOST_TEST_MODULE outages
#include "fixture.hpp"

#include <csignal>

#include "load.hpp"

using namespace larder::test;
using namespace std::chrono_literals;

BOOST_TEST_GLOBAL_FIXTURE(SharedStack);

namespace {

bool is_healthy() {
    const auto health = Json::parse(api().get("/health").body);
    return health["status"].text() == "healthy" && health["redis"].text() == "connected";
}

/// Puts everything back to work after a test case, however it ended.
struct Repair {
    ~Repair() {
        stack().signal("redis", SIGCONT);
        stack().up();
        BOOST_TEST(eventually(is_healthy));
    }
};

struct Sample {
    std::string collection;
    std::string body;
    std::string change;
};

const Sample samples[] = {{"/employees", employee("A"), R"({"salary": 4.25})"},
                          {"/products", product("A"), R"({"price": 4.25})"},
                          {"/items", R"({"price": 1})", R"({"price": 4.25})"}};

std::vector<std::string> sample_paths() {
    std::vector<std::string> paths;
    for (const auto& [collection, body, change] : samples) {
        paths.push_back(path_of(collection, create(collection, body)));
    }
    return paths;
}

/// Every operation of every resource; each has to succeed and to show the state of the one before.
void use_everything() {
    for (const auto& [collection, body, change] : samples) {
        const auto record = create(collection, body);
        const auto path = path_of(collection, record);
        BOOST_TEST(api().get(path).status == 200);
        const auto put = expect_json(api().put(path, change), 200);
        BOOST_TEST(api().get(path).body.contains("4.25"));
        BOOST_TEST(expect_json(api().patch(path, change), 200) == put);
        const auto list = expect_json(api().get(collection), 200);
        BOOST_TEST(with_id(list.contains("items") ? list["items"] : list, record["id"]) == put);
        BOOST_TEST(api().head(path).status == 200);
        BOOST_TEST(api().del(path).status / 100 == 2);
        expect_problem(api().get(path), 404);
    }
    const auto id = unique_text("E");
    const auto path = path_of("/employees", create("/employees", employee_with_id(id)));
    expect_problem(api().post("/employees", employee_with_id(id)), 409);
    BOOST_TEST(api().del(path).status == 200);
    BOOST_TEST(api().post("/employees", employee_with_id(id)).status == 201);
    BOOST_TEST(expect_json(api().post("/cache/clear", ""), 200) == R"({"ok": true})"_json);
}

void expect_redis_in_health(const char* state) {
    const auto seen = eventually([&] {
        const auto health = api().get("/health");
        return health.status == 200 && Json::parse(health.body)["redis"].text() == state;
    });
    BOOST_TEST_CONTEXT(state) { BOOST_TEST(seen); }
    BOOST_TEST(Json::parse(api().get("/health").body)["status"].string() == "healthy");
}

void expect_hits_again() {
    for (const auto& path : sample_paths()) {
        BOOST_TEST(eventually([&] { return api().get(path).header("X-Cache") == "HIT"; }));
    }
}

void expect_unavailable(const Response& response) {
    expect_problem(response, 503);
    BOOST_TEST(response.has("Retry-After"));
    BOOST_TEST(response.header("Retry-After").find_first_not_of("0123456789") == std::string::npos);
}

/// A response that is slow enough to matter to a person is an error, too.
void expect_prompt(const std::string& path) {
    const auto start = std::chrono::steady_clock::now();
    for (int i = 0; i < 20; ++i) BOOST_TEST(api().get(path).status == 200);
    BOOST_TEST((std::chrono::steady_clock::now() - start < 20s));
}

}  // namespace

BOOST_FIXTURE_TEST_CASE(redis_killed_while_serving, Repair) {
    Load load(api(), 4, Writes::yes);
    load.run_for(500ms);
    stack().stop("redis", SIGKILL);
    load.run_for(1s);
    use_everything();
    expect_redis_in_health("disconnected");
    const auto path = sample_paths().front();
    expect_prompt(path);
    const auto uncached = api().get(path).header("X-Cache");
    BOOST_TEST((uncached == "MISS" || uncached == "BYPASS"));
    stack().up();
    load.run_for(1s);
    expect_redis_in_health("connected");
    expect_hits_again();
    use_everything();
    const auto tally = load.stop();
    BOOST_TEST(tally.only_success(), tally.summary());
}

BOOST_FIXTURE_TEST_CASE(redis_hangs_while_serving, Repair) {
    Load load(api(), 4, Writes::yes);
    load.run_for(500ms);
    stack().signal("redis", SIGSTOP);
    load.run_for(1s);
    use_everything();
    expect_redis_in_health("disconnected");
    expect_prompt(sample_paths().front());
    stack().signal("redis", SIGCONT);
    load.run_for(1s);
    expect_redis_in_health("connected");
    expect_hits_again();
    use_everything();
    const auto tally = load.stop();
    BOOST_TEST(tally.only_success(), tally.summary());
}

BOOST_FIXTURE_TEST_CASE(records_are_fresh_when_redis_comes_back_with_old_values, Repair) {
    const auto paths = sample_paths();
    for (int round = 0; round < 2; ++round) {
        for (const auto& path : paths) BOOST_TEST(api().get(path).status == 200);
        if (round == 0) {
            stack().signal("redis", SIGSTOP);
        } else {
            stack().redis().command({"SAVE"});
            stack().stop("redis", SIGKILL);
        }
        const auto value = "77" + std::to_string(round) + ".5";
        for (std::size_t i = 0; i < paths.size(); ++i) {
            const auto member = samples[i].change.substr(0, samples[i].change.find(' ') + 1);
            BOOST_TEST(api().put(paths[i], member + value + '}').status == 200);
        }
        if (round == 0) {
            stack().signal("redis", SIGCONT);
        } else {
            stack().up();
        }
        const auto all_fresh_and_hit = [&] {
            bool hit = true;
            for (const auto& path : paths) {
                const auto response = api().get(path);
                BOOST_TEST_CONTEXT(path) { BOOST_TEST(response.body.contains(value)); }
                hit = hit && response.header("X-Cache") == "HIT";
            }
            return hit;
        };
        BOOST_TEST(eventually(all_fresh_and_hit));
    }
}

BOOST_FIXTURE_TEST_CASE(an_id_freed_while_redis_was_away_can_be_used, Repair) {
    const auto id = unique_text("E");
    const auto path = path_of("/employees", create("/employees", employee_with_id(id)));
    stack().signal("redis", SIGSTOP);
    BOOST_TEST(api().del(path).status == 200);
    stack().signal("redis", SIGCONT);
    BOOST_TEST(api().post("/employees", employee_with_id(id)).status == 201);
    expect_problem(api().post("/employees", employee_with_id(id)), 409);
}

BOOST_FIXTURE_TEST_CASE(postgresql_stopped_while_serving, Repair) {
    const auto workers = stack().pids("worker");
    const auto known = unique_text("known");
    create("/employees", employee_with_id(known));
    const auto cached = sample_paths();
    const auto uncached = path_of("/products", create("/products", product("never read")));
    const std::string lists[] = {"/employees", "/employees/high-salary", "/products", "/items",
                                 "/employees/top2-by-department"};
    for (int i = 0; i < 2; ++i) {
        for (const auto& path : cached) BOOST_TEST(api().get(path).status == 200);
        for (const auto& path : lists) BOOST_TEST(api().get(path).status == 200);
    }
    stack().stop("postgresql", SIGINT);

    for (int i = 0; i < 3; ++i) {
        for (const auto& path : cached) BOOST_TEST(api().get(path).header("X-Cache") == "HIT");
        for (const auto& path : lists) {
            BOOST_TEST_CONTEXT(path) {
                BOOST_TEST(expect_json(api().get(path), 200).size() > 0U);
                BOOST_TEST(api().get(path).header("X-Cache") == "HIT");
            }
        }
        expect_unavailable(api().get(uncached));
        for (const auto& [collection, body, change] : samples) {
            expect_unavailable(api().post(collection, body));
        }
        for (std::size_t s = 0; s < cached.size(); ++s) {
            expect_unavailable(api().put(cached[s], samples[s].change));
            expect_unavailable(api().patch(cached[s], samples[s].change));
            expect_unavailable(api().del(cached[s]));
        }
        // What needs no database is as ever.
        expect_problem(api().post("/employees", employee_with_id(known)), 409);
        expect_problem(api().post("/employees", "{}"), 422, {"/name", "/salary", "/department"});
        BOOST_TEST(api().get("/user/Alice").status == 200);

        const auto response = api().get("/health");
        BOOST_TEST(response.status == 503);
        const auto health = Json::parse(response.body);
        BOOST_TEST(health["status"].string() == "unhealthy");
        BOOST_TEST(health["database"].string() == "disconnected");
        BOOST_TEST(health["redis"].string() == "connected");
        BOOST_TEST(health["api"].string() == "operational");
    }

    stack().up();
    BOOST_TEST(eventually(is_healthy));
    const auto twenty_in_a_row = [] {
        for (int i = 0; i < 20; ++i) {
            if (api().post("/products", product("back")).status != 201) return false;
        }
        return true;
    };
    BOOST_TEST(eventually(twenty_in_a_row));
    use_everything();
    BOOST_TEST(api().get(uncached).status == 200);
    BOOST_TEST((stack().pids("worker") == workers));
}

BOOST_FIXTURE_TEST_CASE(postgresql_restarted_under_load, Repair) {
    Load load(api(), 4, Writes::yes);
    load.run_for(500ms);
    stack().stop("postgresql", SIGQUIT);
    load.run_for(500ms);
    stack().up();
    BOOST_TEST(eventually(is_healthy));
    load.run_for(1s);
    const auto tally = load.stop();
    for (const auto& [status, count] : tally.statuses) {
        BOOST_TEST_CONTEXT(count << " answers " << status) {
            BOOST_TEST((status / 100 == 2 || status == 503));
        }
    }
    use_everything();
}

BOOST_FIXTURE_TEST_CASE(both_away, Repair) {
    const auto paths = sample_paths();
    BOOST_TEST(api().get("/employees").status == 200);
    BOOST_TEST(api().get("/employees").status == 200);
    stack().stop("redis", SIGKILL);
    stack().stop("postgresql", SIGINT);
    for (const auto& path : paths) expect_unavailable(api().get(path));
    expect_unavailable(api().post("/products", product("A")));
    const auto list = api().get("/employees");
    BOOST_TEST(list.status == 200);
    BOOST_TEST(list.header("X-Cache") == "HIT");
    const auto health = api().get("/health");
    BOOST_TEST(health.status == 503);
    BOOST_TEST(Json::parse(health.body)["redis"].string() == "disconnected");
    stack().up();
    BOOST_TEST(eventually(is_healthy));
    BOOST_TEST(eventually([&] { return api().get(paths.front()).status == 200; }));
    use_everything();
}
