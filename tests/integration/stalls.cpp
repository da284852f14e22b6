// contract.md, "Everywhere": what stops one stops no other. In each test case something hangs;
// /health answers, what is cached is served, and writes of other rows end while it still hangs.
#define BOOST_TEST_MODULE stalls
#include <sys/stat.h>
#include <unistd.h>

#include <csignal>
#include <cstdlib>
#include <fstream>
#include <future>
#include <iterator>
#include <string>

#include "open_transaction.hpp"
#include "support/rude_clients.hpp"
#include "support/worker_state.hpp"

using namespace larder::test;
using namespace std::chrono_literals;

namespace {

struct StallStack : SharedStack {
    StallStack() : SharedStack(Environment{{"WORKERS", "2"}}) { raise_descriptor_limit(); }
};

/// Longer than anything here may take, shorter than nginx's patience with a worker.
const Client& impatient() {
    static const Client client(api().base_url(), {.timeout = 20s});
    return client;
}

/// The best of several tries: a loaded machine may delay some of them, a stall delays all.
std::chrono::milliseconds best_time(const std::string& path, int status) {
    auto best = std::chrono::milliseconds::max();
    for (int i = 0; i < 8 && best >= 1s; ++i) {
        const auto start = std::chrono::steady_clock::now();
        const auto answer = impatient().get(path);
        const auto taken = std::chrono::steady_clock::now() - start;
        if (answer.status == status) {
            best = std::min(best, std::chrono::duration_cast<std::chrono::milliseconds>(taken));
        }
    }
    return best;
}

void expect_health(int status) {
    BOOST_TEST((best_time("/health", status) < 1s), "GET /health");
    BOOST_TEST((best_time("/health/ready", status) < 1s), "GET /health/ready");
    BOOST_TEST((best_time("/health/live", 200) < 1s), "GET /health/live");
    BOOST_TEST(expect_json(impatient().get("/health/live"), 200) == R"({"status": "live"})"_json);
}

/// A record that is in the cache, and another that is to be written.
struct Records {
    std::string cached = path_of("/items", create("/items", R"({"a": 1})"));
    std::string other = path_of("/items", create("/items", R"({"a": 1})"));

    void expect_cached() const {
        for (int i = 0; i < 20; ++i) {
            const auto answer = impatient().get(cached);
            BOOST_TEST(answer.status == 200);
            BOOST_TEST(answer.header("X-Cache") == "HIT");
        }
    }
    void expect_writes() const {
        BOOST_TEST(impatient().put(other, R"({"a": 2})").status == 200);
        BOOST_TEST(impatient().post("/items", "{}").status == 201);
        BOOST_TEST(impatient().post("/employees", employee("Eve")).status == 201);
    }
};

/// Requests under way, each in a thread of its own.
class Requests {
public:
    template <class Request>
    Requests(std::size_t count, Request request) {
        for (std::size_t i = 0; i < count; ++i) {
            answers_.push_back(std::async(std::launch::async, [request, i] { return request(i); }));
        }
    }
    std::vector<Response> answers() {
        std::vector<Response> all;
        for (auto& answer : answers_) all.push_back(answer.get());
        return all;
    }

private:
    std::vector<std::future<Response>> answers_;
};

bool that_many_wait_for_a_lock(std::size_t count) {
    return eventually([count] {
        const auto rows = stack().database().query(
            "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
        return std::stoul(rows[0][0]) >= count;
    });
}

void expect_refused(const Response& response) {
    expect_problem(response, 503);
    BOOST_TEST(response.has("Retry-After"));
}

/// The parts of a stopped PostgreSQL or Redis, running again at the end.
class Stopped {
public:
    explicit Stopped(std::string part) : part_(std::move(part)) { signal(SIGSTOP); }
    ~Stopped() {
        signal(SIGCONT);
        BOOST_TEST(eventually([] {
            return Json::parse(api().get("/health").body)["redis"].text() == "connected" &&
                   api().post("/items", "{}").status == 201;
        }));
    }
    Stopped(const Stopped&) = delete;
    Stopped& operator=(const Stopped&) = delete;

private:
    // A session of scripts/stack: the first process stops first, so that it starts no other.
    void signal(int number) const {
        const auto pids = stack().pids(part_);
        for (const int pid : pids) {
            ::kill(pid, number);
            if (part_ == "postgresql")
                (void)run({"pkill", "-" + std::to_string(number), "-P", std::to_string(pid)});
        }
    }
    std::string part_;
};

Address worker_socket() {
    return {.host = {}, .port = 0, .path = stack().status().at("worker_socket")};
}

/// Sets the soft limit of a worker's descriptors. A process may do that to another of its own user
/// only, and a stack that root starts runs as another user.
void limit_descriptors(int pid, std::size_t most) {
    struct stat owner{};
    BOOST_TEST_REQUIRE(stat(("/proc/" + std::to_string(pid)).c_str(), &owner) == 0);
    std::string command =
        "prlimit --pid " + std::to_string(pid) + " --nofile=" + std::to_string(most) + ":";
    if (owner.st_uid != geteuid()) {
        command = "setpriv --reuid=" + std::to_string(owner.st_uid) +
                  " --regid=" + std::to_string(owner.st_gid) + " --clear-groups " + command;
    }
    BOOST_TEST_REQUIRE(std::system(command.c_str()) == 0);
}

std::string worker_log() {
    std::ifstream file(stack().directory() / "stack" / "logs" / "worker.log");
    return {std::istreambuf_iterator<char>(file), {}};
}

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(StallStack);

BOOST_AUTO_TEST_CASE(a_locked_row_stops_its_own_writers_only) {
    const Records records;
    const auto made = create("/products", product("Locked"));
    OpenTransaction locked("SELECT * FROM products WHERE id = $1::uuid FOR UPDATE",
                           {made["id"].text()});
    const auto path = path_of("/products", made);
    Requests writers(40, [path](std::size_t) { return api().put(path, R"({"price": 2})"); });
    BOOST_TEST_REQUIRE(that_many_wait_for_a_lock(1));
    expect_health(200);
    records.expect_cached();
    records.expect_writes();
    const auto another = path_of("/products", create("/products", product("Free")));
    BOOST_TEST(impatient().put(another, R"({"price": 3})").status == 200);
    // All of them while it still is locked.
    for (const auto& answer : writers.answers()) expect_refused(answer);
    locked.release();
    BOOST_TEST(impatient().put(path, R"({"price": 3})").status == 200);
}

BOOST_AUTO_TEST_CASE(a_locked_table_stops_its_own_resource_only) {
    const Records records;
    const auto path = path_of("/products", create("/products", product("Locked")));
    BOOST_TEST(api().post("/cache/clear", "").status == 200);
    BOOST_TEST(eventually([&] { return api().get(records.cached).header("X-Cache") == "HIT"; }));
    OpenTransaction locked("LOCK TABLE products IN ACCESS EXCLUSIVE MODE");
    Requests readers(64, [path](std::size_t i) {
        return i % 2 == 0 ? api().get("/products?limit=" + std::to_string(i + 1))
                          : api().put(path, R"({"price": 2})");
    });
    BOOST_TEST_REQUIRE(that_many_wait_for_a_lock(1));
    expect_health(200);
    records.expect_cached();
    records.expect_writes();
    locked.release();
    for (const auto& answer : readers.answers()) {
        BOOST_TEST((answer.status == 200 || answer.status == 503), answer.status << answer.body);
    }
}

BOOST_AUTO_TEST_CASE(a_locked_table_leaves_what_is_cached_and_refuses_the_rest) {
    const Records records;
    std::vector<std::string> cold;
    for (int i = 0; i < 8; ++i) {
        cold.push_back(path_of("/products", create("/products", product("Cold"))));
    }
    const auto cached = path_of("/products", create("/products", product("Cached")));
    for (const auto& path : {cached, std::string("/products"), std::string("/products?limit=7")}) {
        BOOST_TEST(eventually([&] { return api().get(path).header("X-Cache") == "HIT"; }), path);
    }
    OpenTransaction locked("LOCK TABLE products IN ACCESS EXCLUSIVE MODE");
    Requests readers(cold.size() * 2, [&](std::size_t i) {
        return i % 2 == 0 ? impatient().get(cold[i / 2])
                          : impatient().get("/products?limit=" + std::to_string(100 + i));
    });
    BOOST_TEST_REQUIRE(that_many_wait_for_a_lock(1));
    expect_health(200);
    records.expect_cached();
    records.expect_writes();
    for (const auto* path : {"/items", "/employees", "/employees/high-salary?limit=3"}) {
        BOOST_TEST(impatient().get(path).status == 200, path);
    }
    for (const auto& path : {cached, std::string("/products"), std::string("/products?limit=7")}) {
        const auto answer = impatient().get(path);
        BOOST_TEST(answer.status == 200, path);
        BOOST_TEST(answer.header("X-Cache") == "HIT", path);
    }
    // LOCK_TIMEOUT_MS, while the table is still locked.
    for (const auto& answer : readers.answers()) expect_refused(answer);
    locked.release();
    for (const auto& path : cold) BOOST_TEST(impatient().get(path).status == 200);
}

BOOST_AUTO_TEST_CASE(a_stopped_postgresql_leaves_health_and_what_is_cached) {
    const Records records;
    const Stopped stopped("postgresql");
    Requests writers(40, [&](std::size_t) { return api().put(records.other, R"({"a": 3})"); });
    expect_health(503);
    records.expect_cached();
    for (const auto& answer : writers.answers()) expect_refused(answer);
}

BOOST_AUTO_TEST_CASE(a_stopped_redis_is_no_error) {
    const Records records;
    const Stopped stopped("redis");
    BOOST_TEST(impatient().get(records.cached).status == 200);
    expect_health(200);
    records.expect_writes();
}

BOOST_AUTO_TEST_CASE(long_lists_leave_room_for_others) {
    const auto item = R"({"text": ")" + std::string(100000, 'x') + R"("})";
    for (int i = 0; i < 80; ++i) create("/items", item);
    const Records records;
    std::atomic<bool> done = false;
    Requests readers(64, [&](std::size_t i) {
        Response last;
        for (std::size_t round = 0; !done; ++round) {
            last = api().get("/items?limit=" + std::to_string(20 + i + 64 * (round % 8)));
        }
        return last;
    });
    expect_health(200);
    records.expect_cached();
    records.expect_writes();
    done = true;
    for (const auto& answer : readers.answers()) {
        BOOST_TEST((answer.status == 200 || answer.status == 503));
    }
}

BOOST_AUTO_TEST_CASE(slow_clients_stop_nobody) {
    const Records records;
    std::vector<RawSocket> slow;
    for (int i = 0; i < 500; ++i) {
        slow.emplace_back(Address::of_url(api().base_url()));
        slow.back().send(i % 2 == 0 ? "GET /items?limit=1000 HTTP/1.1\r\nHost: 127.0.0.1\r\n\r\n"
                                    : "POST /items HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: "
                                      "application/json\r\nContent-Length: 100\r\n\r\n{");
    }
    expect_health(200);
    records.expect_cached();
    records.expect_writes();
}

BOOST_AUTO_TEST_CASE(one_byte_on_each_workers_connection_stops_nobody) {
    const Records records;
    std::vector<RawSocket> silent;
    // So many that each worker has some of them.
    for (int i = 0; i < 32; ++i) {
        silent.emplace_back(worker_socket());
        silent.back().send("\1");
    }
    expect_health(200);
    records.expect_cached();
    records.expect_writes();
}

BOOST_AUTO_TEST_CASE(a_worker_without_a_descriptor_left_goes_on) {
    const Records records;
    const auto workers = stack().pids("worker");
    for (const int pid : workers) limit_descriptors(pid, count_descriptors(pid) + 8);
    {
        std::vector<RawSocket> more;
        for (int i = 0; i < 64; ++i) more.emplace_back(worker_socket());
        BOOST_TEST(eventually([] { return worker_log().contains("accept_failed"); }));
    }
    records.expect_cached();
    expect_health(200);
    for (const int pid : workers) limit_descriptors(pid, 1024);
    records.expect_writes();
}
