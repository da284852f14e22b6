// Each call to PostgreSQL and Redis fails once, in turn: the answer is right or a clean 503,
// nothing is stale, half done or leaked (fcgi_app/fault.hpp, faults/steps.cpp).
#define BOOST_TEST_MODULE seams
#include <algorithm>
#include <new>
#include <set>
#include <sstream>
#include <stdexcept>

#include "faults/armed_worker.hpp"
#include "faults/steps.hpp"
#include "faults/truth.hpp"
#include "fixture.hpp"
#include "scrape.hpp"
#include "store/session.hpp"
#include "support/worker_state.hpp"

using namespace larder::test;
using larder::Fault;
using larder::Seam;

namespace {

struct FaultStack : ArmedWorker, SharedStack {
    FaultStack() : SharedStack(ArmedWorker::environment()) { armed = this; }
    static inline ArmedWorker* armed = nullptr;
};

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(FaultStack);

namespace {

constexpr std::uint64_t most_calls = 60;  // of a step; more would be a loop without an end

ArmedWorker& worker() { return *FaultStack::armed; }

std::vector<Response> send(const std::vector<Request>& requests) {
    return in_parallel(requests.size(), [&](std::size_t i) {
        const auto& one = requests[i];
        const auto& path = one.target.empty() ? one.path : one.target;
        return api().request(one.method, path, one.body, one.headers);
    });
}

Json first_of(const Json& list, std::size_t limit) {
    std::string text;
    for (std::size_t i = 0; i < std::min(limit, list.size()); ++i) {
        std::ostringstream out;
        out << list.element(i);
        text += (i == 0 ? "" : ",") + out.str();
    }
    return Json::parse('[' + text + ']');
}

/// What a GET has to show.
Json expected_of(const Request& request, const Truth& truth) {
    if (request.limit > 0) {
        const auto path = request.path.substr(0, request.path.find('?'));
        return first_of(truth.lists.at(path), request.limit);
    }
    const auto list = truth.lists.find(request.path);
    return list == truth.lists.end() ? truth.record(request.path) : list->second;
}

/// The path that a write has changed, as it should; empty: none.
std::string effect_of(const Request& request, const Truth& before, const Truth& after) {
    if (request.is_read() || !request.result) return {};
    if (!request.creates()) {
        const auto& now = after.record(request.path);
        if (now == before.record(request.path)) return {};
        BOOST_TEST(now.without("id") == *request.result);
        return request.path;
    }
    for (const auto& [path, record] : after.records) {
        if (!before.records.contains(path) && record.without("id") == *request.result) return path;
    }
    return {};
}

/// Whether the answer to a request may be what it is, with the effect that it has had.
void judge(const Request& request, const Response& answer, const std::string& effect,
           const Truth& before, const Truth& after, Seam seam) {
    if (answer.status != request.status) {
        BOOST_TEST((seam == Seam::database));  // without Redis everything works
        const auto problem = expect_problem(answer, 503);
        BOOST_TEST(!answer.header("Retry-After").empty());
        if (!problem["detail"].text().contains("unknown")) BOOST_TEST(effect.empty());
        return;
    }
    if (answer.status >= 400) {
        expect_problem(answer, answer.status);
        BOOST_TEST(effect.empty());
    } else if (request.path == "/health" || request.path == "/cache/clear") {
        expect_json(answer, 200);
    } else if (request.is_replay) {
        BOOST_TEST(answer.header("Idempotent-Replayed") == "true");
    } else if (request.is_import) {
        BOOST_TEST(expect_json(answer, 200)["failed"].text() == "0");
        BOOST_TEST(!effect.empty());
    } else if (request.is_read()) {
        if (answer.status == 200) {
            BOOST_TEST(shown(request.path, answer) == expected_of(request, before));
        }
    } else {
        const bool is_changed = before.record(request.path) != after.record(request.path);
        BOOST_TEST((!effect.empty() || !is_changed));
        const auto& now = after.record(request.creates() ? effect : request.path);
        BOOST_TEST(now.without("id") == *request.result);
        if (request.method == "DELETE") return;
        BOOST_TEST(Json::parse(answer.body) == now);
        if (request.creates()) BOOST_TEST(answer.header("Location") == effect);
    }
}

/// One run of a step, in which a call fails.
class Run {
public:
    Run(const Step& step, Seam seam, Fault fault, std::uint64_t number) : step_(step), seam_(seam) {
        // Trust in Redis is there again at once, and nothing is cached.
        BOOST_TEST(api().post("/cache/clear", "").status == 200);
        if (step.reconnects) {
            worker().arm(Seam::redis, Fault::before, 1);
            BOOST_TEST(api().get("/employees/1").status / 100 != 5);
            BOOST_TEST(!worker().disarm().empty());
            BOOST_TEST(api().post("/cache/clear", "").status == 200);
        }
        const auto requests = step.prepare();
        const auto before = read_truth(database_);
        const auto calls = worker().calls(seam);
        worker().arm(seam, fault, number);
        const auto answers = send(requests);
        struck_ = worker().disarm();
        calls_ = worker().calls(seam) - calls;
        check(requests, answers, before);
    }

    /// The call that has failed; empty: the step makes fewer calls.
    [[nodiscard]] const std::string& struck() const { return struck_; }
    [[nodiscard]] std::uint64_t calls() const { return calls_; }
    /// Whether a call of the worker's caretaker was struck in place of one of the step.
    [[nodiscard]] bool has_missed() const {
        return struck_ == "SCAN" || struck_ == "UNLINK" || struck_.starts_with("WITH ours");
    }

private:
    void check(const std::vector<Request>& requests, const std::vector<Response>& answers,
               const Truth& before) {
        BOOST_TEST_CONTEXT(step_.name << ", failed: " << struck_.substr(0, 80)) {
            const auto after = read_truth(database_);
            std::set<std::string> changed;
            std::vector<std::string> paths;
            for (const auto& [path, record] : before.records) paths.push_back(path);
            for (std::size_t i = 0; i < requests.size(); ++i) {
                const auto effect = effect_of(requests[i], before, after);
                BOOST_TEST_CONTEXT(requests[i].method << ' ' << requests[i].path << ": "
                                                      << answers[i].status << ' '
                                                      << answers[i].body.substr(0, 300)) {
                    judge(requests[i], answers[i], effect, before, after, seam_);
                }
                if (!effect.empty()) changed.insert(effect);
            }
            for (const auto& [path, record] : after.records) {
                if (!before.records.contains(path)) paths.push_back(path);
            }
            for (const auto& path : paths) {
                if (changed.contains(path)) continue;
                BOOST_TEST_CONTEXT(path) { BOOST_TEST(before.record(path) == after.record(path)); }
            }
            wait_until_connected();
            expect_shown(after, paths);
            for (const auto& claim : *step_.claims) expect_claimable(after, claim);
            remove_all(after);
        }
    }

    /// After a connection that could not be made there is none for 0.1 s, by intent.
    void wait_until_connected() const {
        if (seam_ != Seam::database) return;
        if (struck_ != "connect" && !struck_.starts_with("SELECT pg_catalog.set_config")) return;
        // An import has a session of its own.
        BOOST_TEST(eventually([] {
            return api().get("/products?limit=1").status == 200 &&
                   api().post("/products?dry_run=true",
                              R"({"name": "Lamp", "price": 1, "stock_quantity": 7})",
                              {"Content-Type: application/x-ndjson"})
                           .status == 200;
        }));
    }

    const Step& step_;
    const Seam seam_;
    Database database_ = stack().database();
    std::string struck_;
    std::uint64_t calls_ = 0;
};

/// Repeats the step with its first, second … call failing, until it makes no more; how many have.
std::uint64_t fail_each_call(const Step& step, Seam seam, Fault fault) {
    int missed = 0;
    for (std::uint64_t number = 1; number <= most_calls;) {
        const Run run(step, seam, fault, number);
        if (run.struck().empty()) return number - 1;
        if (!run.has_missed() || ++missed > 10) ++number;
    }
    BOOST_ERROR(step.name << " makes over " << most_calls << " calls");
    return most_calls;
}

/// What a worker holds while it rests.
struct Held {
    int pid = 0;
    std::size_t descriptors = 0;
    std::size_t sessions = 0;
    std::size_t connections = 0;

    static Held now() {
        auto database = stack().database();
        auto redis = stack().redis();
        const int process = stack().pids("worker").at(0);
        return {.pid = process,
                .descriptors = count_descriptors(process),
                .sessions = std::stoul(database.value("SELECT count(*) FROM pg_stat_activity"
                                                      " WHERE application_name = 'larder-worker'")),
                .connections = static_cast<std::size_t>(
                    std::ranges::count(redis.command({"CLIENT", "LIST"}), '\n'))};
    }

    [[nodiscard]] bool is_within(const Held& most) const {
        return pid == most.pid && descriptors <= most.descriptors && sessions <= most.sessions &&
               connections <= most.connections;
    }
};

std::ostream& operator<<(std::ostream& out, const Held& held) {
    return out << "pid " << held.pid << ", " << held.descriptors << " descriptors, "
               << held.sessions << " sessions, " << held.connections << " connections to Redis";
}

/// nginx closes a connection to a worker that rests.
bool is_at_rest() { return Scrape::of(api())["larder_fastcgi_connections"] <= 1; }

}  // namespace

BOOST_AUTO_TEST_CASE(each_call_fails_once) {
    const auto steps = all_steps();
    for (const auto& step : steps) const Run whole(step, Seam::database, Fault::none, 0);
    BOOST_TEST(eventually(is_at_rest));
    const auto at_first = Held::now();

    for (const auto& step : steps) {
        std::uint64_t failed = 0;
        for (const auto fault : {Fault::before, Fault::after, Fault::refused}) {
            failed += fail_each_call(step, Seam::database, fault);
        }
        const auto of_database = failed;
        for (const auto fault : {Fault::before, Fault::after, Fault::refused, Fault::scripts}) {
            failed += fail_each_call(step, Seam::redis, fault);
        }
        BOOST_TEST_MESSAGE(step.name << ": " << of_database << " failed calls of PostgreSQL, "
                                     << failed - of_database << " of Redis");
        BOOST_TEST_CONTEXT(step.name) { BOOST_TEST((failed > 0U || step.is_nginx_alone)); }
    }

    for (const auto& step : steps) const Run whole(step, Seam::database, Fault::none, 0);
    Held at_last;
    const bool is_kept = eventually([&] { return (at_last = Held::now()).is_within(at_first); });
    BOOST_TEST(is_kept, at_first << "; now " << at_last);
}

// Whatever fails, and whenever: sent again by its key, the write is done once. It is 409 while
// PostgreSQL has not ended the transaction of a connection that was cut.
BOOST_AUTO_TEST_CASE(a_write_with_a_key_is_done_once) {
    auto database = stack().database();
    for (const std::string collection : {"/items", "/employees"}) {
        for (const auto fault : {Fault::before, Fault::after, Fault::refused}) {
            std::string struck = "none yet";
            for (std::uint64_t number = 1; !struck.empty() && number < most_calls; ++number) {
                const auto name = unique_text("once");
                const auto body = collection == "/items" ? R"({"name": ")" + name + "\"}"
                                                         : employee_with_id(name);
                const HeaderLines headers = {"Idempotency-Key: " + name};
                worker().arm(Seam::database, fault, number);
                auto answer = api().post(collection, body, headers);
                struck = worker().disarm();
                BOOST_TEST_CONTEXT(struck.substr(0, 80) << ": " << answer.body) {
                    BOOST_TEST((answer.status == 201 || answer.status == 503));
                    BOOST_TEST(eventually([&] {
                        if (answer.status == 201) return true;
                        BOOST_TEST((answer.status == 409 || answer.status == 503));
                        answer = api().post(collection, body, headers);
                        return false;
                    }));
                    BOOST_TEST(api().post(collection, body, headers).body == answer.body);
                    const auto made = collection == "/items" ? "items WHERE data->>'name' = $1"
                                                             : "employees WHERE employee_id = $1";
                    BOOST_TEST(
                        database.value("SELECT count(*) FROM " + std::string(made), {name}) == "1");
                }
            }
            BOOST_TEST(struck.empty());
        }
    }
    for (const auto* table : {"items", "employees"}) {
        database.query("DELETE FROM " + std::string(table));
    }
    BOOST_TEST(api().post("/cache/clear", "").status == 200);
}

// All of its records are there or none, and the caches show it.
BOOST_AUTO_TEST_CASE(an_array_is_there_or_not) {
    auto database = stack().database();
    for (const auto seam : {Seam::database, Seam::redis}) {
        for (const auto fault : {Fault::before, Fault::after, Fault::refused}) {
            std::string struck = "none yet";
            for (std::uint64_t number = 1; !struck.empty() && number < most_calls; ++number) {
                BOOST_TEST(api().post("/cache/clear", "").status == 200);
                const auto one = unique_text("array");
                const auto two = unique_text("array");
                const auto body = '[' + employee_with_id(one) + ',' + employee("B") + ',' +
                                  employee_with_id(two) + ']';
                worker().arm(seam, fault, number);
                const auto answer = api().post("/employees", body);
                struck = worker().disarm();
                BOOST_TEST_CONTEXT(struck.substr(0, 80) << ": " << answer.body) {
                    const auto after = read_truth(database);
                    const bool is_unknown = answer.body.contains("unknown");
                    BOOST_TEST(
                        (answer.status == 201 || (answer.status == 503 && seam == Seam::database)));
                    BOOST_TEST((after.records.size() == 3U || after.records.empty()));
                    if (!is_unknown) {
                        BOOST_TEST(after.records.size() == (answer.status == 201 ? 3U : 0U));
                    }
                    BOOST_TEST(
                        eventually([] { return api().get("/products?limit=1").status == 200; }));
                    std::vector<std::string> paths;
                    for (const auto& [path, record] : after.records) paths.push_back(path);
                    expect_shown(after, paths);
                    for (const auto& claim : {one, two}) expect_claimable(after, claim);
                    remove_all(after);
                }
            }
            BOOST_TEST(struck.empty());
        }
    }
}

// Its first records are on their way before its last ones are read.
BOOST_AUTO_TEST_CASE(a_long_list_is_whole_or_visibly_cut_off) {
    auto database = stack().database();
    database.query(
        "INSERT INTO products (name, description, price, stock_quantity)"
        " SELECT 'Lamp', repeat('x', 2000), number, 1 FROM generate_series(1, 500) AS number");
    const auto list = read_truth(database).lists.at("/products");
    const auto expect_whole = [&](const Response& answer) {
        BOOST_TEST(answer.status == 200);
        BOOST_TEST((Json::parse(answer.body) == list));
    };
    for (const auto fault : {Fault::before, Fault::after, Fault::refused}) {
        std::string struck = "none yet";
        for (std::uint64_t number = 1; !struck.empty() && number < most_calls; ++number) {
            BOOST_TEST(api().post("/cache/clear", "").status == 200);
            worker().arm(Seam::database, fault, number);
            const auto answer = api().get("/products");
            struck = worker().disarm();
            BOOST_TEST_CONTEXT(struck.substr(0, 80)
                               << ": " << answer.status << ' ' << answer.error) {
                if (answer.status == 200) expect_whole(answer);
                if (answer.status != 200 && answer.status != 0) expect_problem(answer, 503);
                expect_whole(api().get("/products"));
                expect_whole(api().get("/products"));
            }
        }
        BOOST_TEST(struck.empty());
    }
    database.query("DELETE FROM products");
    BOOST_TEST(api().post("/cache/clear", "").status == 200);
}

BOOST_AUTO_TEST_CASE(what_a_taker_of_rows_throws_is_a_failure) {
    larder::Database where(stack().status().at("database_url"), true);
    larder::Session session(where);
    const larder::Session::Query query{
        .before = larder::once("SELECT 1"),
        .rows = larder::once("SELECT number::text FROM generate_series(1, 1000) AS number")};
    for (const bool is_first : {true, false}) {
        const auto done = session.stream(
            query,
            [&](const larder::Session::Head&) {
                if (is_first) throw std::out_of_range("taken");
            },
            [](const larder::Row&) -> bool { throw std::bad_alloc(); });
        BOOST_TEST((done.error().kind ==
                    (is_first ? larder::ErrorKind::internal : larder::ErrorKind::unavailable)));
        BOOST_TEST(session.read(larder::once("SELECT 1")).has_value());
    }
    auto database = stack().database();
    BOOST_TEST(eventually([&] {
        return database.value(
                   "SELECT count(*) FROM pg_stat_activity"
                   " WHERE state LIKE 'idle in transaction%'") == "0";
    }));
}
