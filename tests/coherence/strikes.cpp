#include "strikes.hpp"

#include <signal.h>

#include <cmath>
#include <condition_variable>
#include <stdexcept>

namespace larder::coherence {
namespace {

using namespace std::chrono_literals;
using std::chrono::milliseconds;

constexpr int stutters = 30;
constexpr int flaps = 10;
constexpr int commits = 10;
constexpr unsigned rude_clients = 16;
constexpr int filler_keys = 20000;

/// What a worker sends in one message with a change and with its COMMIT, and nobody else sends.
constexpr const char* change_text = "READ COMMITTED; ";
constexpr const char* commit_text = "pg_logical_emit_message";
/// And larder-token alone.
constexpr const char* token_text = "larder-token 0 0";
/// With the COMMIT of an import that changes no record: no epoch, no rows (feed/mark.hpp).
constexpr const char* import_text = " 0 0 ";
/// And with the later changes of a removal that changes other records.
constexpr const char* later_change_text = "SET LOCAL lock_timeout TO ";

/// Processes that are stopped as long as this lives.
class Stopped {
public:
    explicit Stopped(std::vector<int> processes) : processes_(std::move(processes)) {
        for (const int process : processes_) ::kill(process, SIGSTOP);
    }
    ~Stopped() {
        for (const int process : processes_) ::kill(process, SIGCONT);
    }
    Stopped(const Stopped&) = delete;
    Stopped& operator=(const Stopped&) = delete;

private:
    std::vector<int> processes_;
};

void restart_postgresql(Strike& strike, int signal) {
    const Disturbances::Scope disturbance(strike.targets.disturbances);
    strike.targets.bed.stack().stop("postgresql", signal);
    strike.pause(10ms, 2000ms);
    strike.targets.bed.stack().up();
}

void delay_connections(Strike& strike, unsigned one_in) {
    const Disturbances::Scope disturbance(strike.targets.disturbances);
    const milliseconds delay(20 + strike.random() % 400);
    SocketProxy::Treatment treatment{.one_in = one_in};
    (strike.random() % 2 == 0 ? treatment.to_server : treatment.to_client) = delay;
    strike.targets.bed.redis_proxy()->treat(strike.some_process("worker"), treatment);
    strike.pause(50ms, 3000ms);
    strike.targets.bed.redis_proxy()->treat_all_well();
}

/// Until the workers say that they use Redis, or that they do not, or have had long enough to.
void wait_for_trust(Strike& strike, bool trusted) {
    const Time start = now();
    while (now() - start < nanoseconds(5s) && !strike.ending()) {
        const auto health = strike.targets.bed.stack().client().get("/health");
        if (health.status == 200 && health.body.contains("disconnected") != trusted) return;
    }
}

/// Up to so many, those at work first.
std::vector<int> backends_of_workers(Strike& strike, std::size_t limit) {
    std::vector<int> backends;
    for (const auto& row : strike.targets.bed.stack().database().query(
             "SELECT pid FROM pg_stat_activity WHERE backend_type = 'client backend' "
             "AND pid <> pg_backend_pid() ORDER BY (state = 'idle'), random() LIMIT $1",
             {std::to_string(limit)})) {
        backends.push_back(std::stoi(row[0]));
    }
    return backends;
}

}  // namespace

Strike::Strike(FaultTargets all, std::uint64_t seed, std::stop_token stop)
    : targets(all), random(seed), stop_(std::move(stop)) {}

void Strike::pause(milliseconds shortest, milliseconds longest) {
    const double range =
        std::log(static_cast<double>(longest.count()) / static_cast<double>(shortest.count()));
    const double share = std::uniform_real_distribution<>(0, 1)(random);
    const auto length = std::chrono::duration<double, std::milli>(
        static_cast<double>(shortest.count()) * std::exp(range * share));
    std::mutex mutex;
    std::unique_lock lock(mutex);
    std::condition_variable_any().wait_for(lock, stop_, length, [] { return false; });
}

int Strike::some_process(const std::string& part) {
    const auto processes = targets.bed.stack().pids(part);
    return processes.empty() ? 0 : processes[random() % processes.size()];
}

void kill_worker(Strike& strike) {
    const int worker = strike.some_process("worker");
    if (worker > 0) strike.targets.bed.stack().kill(worker, SIGKILL);
}

void kill_all_workers(Strike& strike) { strike.targets.bed.stack().signal("worker", SIGKILL); }

void stop_worker(Strike& strike) {
    const int worker = strike.some_process("worker");
    if (worker <= 0) return;
    const Stopped stopped({worker});
    strike.pause(50ms, 5000ms);
}

void stutter_worker(Strike& strike) {
    const int worker = strike.some_process("worker");
    for (int i = 0; i < stutters && worker > 0 && !strike.ending(); ++i) {
        {
            const Stopped stopped({worker});
            strike.pause(2ms, 120ms);
        }
        strike.pause(1ms, 40ms);
    }
}

void kill_feed(Strike& strike) {
    const Disturbances::Scope disturbance(strike.targets.disturbances);
    strike.targets.bed.stack().signal("feed", SIGKILL);
}

void stop_backends(Strike& strike) {
    // One of them may be the feed's.
    const Disturbances::Scope disturbance(strike.targets.disturbances);
    const Stopped stopped(backends_of_workers(strike, 1 + strike.random() % 4));
    strike.pause(20ms, 5000ms);
}

void restart_postgresql_fast(Strike& strike) { restart_postgresql(strike, SIGINT); }

void restart_postgresql_immediate(Strike& strike) { restart_postgresql(strike, SIGQUIT); }

void delay_commits(Strike& strike) {
    auto& database = *strike.targets.bed.database_proxy();
    for (int i = 0; i < commits && !strike.ending(); ++i) {
        if (database.catch_answer(commit_text, 500ms) != 0) strike.pause(5ms, 300ms);
        database.release();
    }
}

// Without the feed, which would swap once more in a moment.
void delay_revocations(Strike& strike) {
    const Disturbances::Scope disturbance(strike.targets.disturbances);
    const Stopped feed(strike.targets.bed.stack().pids("feed"));
    auto& database = *strike.targets.bed.database_proxy();
    for (int i = 0; i < commits && !strike.ending(); ++i) {
        if (strike.random() % 2 == 0) {
            database.withhold_requests(token_text, 1);
            strike.pause(200ms, 800ms);
        } else if (database.catch_answer(token_text, 500ms) != 0) {
            strike.pause(5ms, 300ms);
        }
        database.release();
        strike.pause(50ms, 300ms);
    }
}

// New children come between two steps of a removal, if they can.
void delay_removals(Strike& strike) {
    auto& database = *strike.targets.bed.database_proxy();
    for (int i = 0; i < commits && !strike.ending(); ++i) {
        database.withhold_requests(later_change_text, 1);
        strike.pause(5ms, 150ms);
        database.release();
    }
}

// When its lists are new already.
void delay_imports(Strike& strike) {
    auto& database = *strike.targets.bed.database_proxy();
    for (int i = 0; i < commits && !strike.ending(); ++i) {
        database.withhold_requests(import_text, 1);
        strike.pause(50ms, 400ms);
        database.release();
    }
}

void kill_after_commit(Strike& strike) {
    auto& database = *strike.targets.bed.database_proxy();
    const int worker = database.catch_answer(commit_text, 2000ms);
    if (worker > 0) strike.targets.bed.stack().kill(worker, SIGKILL);
    database.release();
}

void reload_nginx(Strike& strike) { strike.targets.bed.stack().signal("nginx", SIGHUP); }

void restart_nginx(Strike& strike) {
    strike.targets.bed.stack().stop("nginx", strike.random() % 2 == 0 ? SIGTERM : SIGQUIT);
    strike.pause(10ms, 1000ms);
    strike.targets.bed.stack().up();
}

void stop_redis(Strike& strike) {
    const Disturbances::Scope disturbance(strike.targets.disturbances);
    strike.targets.bed.redis().pause();
    strike.pause(20ms, 5000ms);
    strike.targets.bed.redis().resume();
}

void restart_redis_empty(Strike& strike) {
    const Disturbances::Scope disturbance(strike.targets.disturbances);
    strike.targets.bed.redis().kill();
    strike.pause(10ms, 2000ms);
    strike.targets.bed.redis().start_empty();
}

void restart_redis_from_dump(Strike& strike) {
    const Disturbances::Scope disturbance(strike.targets.disturbances);
    // Else with an older dump, if there is one, of another epoch.
    if (strike.random() % 2 == 0) strike.targets.bed.redis().save_dump();
    strike.pause(100ms, 3000ms);
    strike.targets.bed.redis().kill();
    strike.pause(1ms, 1000ms);
    strike.targets.bed.redis().start_from_dump();
}

void replace_redis_while_workers_rest(Strike& strike) {
    const Disturbances::Scope disturbance(strike.targets.disturbances);
    strike.targets.bed.redis().save_dump();
    strike.pause(300ms, 1000ms);
    // Longer than a connection may rest before a worker looks at it (cache/redis.cpp).
    const Stopped stopped(strike.targets.bed.stack().pids("worker"));
    strike.pause(1200ms, 2000ms);
    strike.targets.bed.redis().kill();
    strike.targets.bed.redis().start_from_dump();
}

void cut_worker_off(Strike& strike) {
    const Disturbances::Scope disturbance(strike.targets.disturbances);
    strike.targets.bed.redis_proxy()->treat(strike.some_process("worker"), {.cut = true});
    strike.pause(10ms, 3000ms);
    strike.targets.bed.redis_proxy()->treat_all_well();
}

void flap_worker(Strike& strike) {
    const Disturbances::Scope disturbance(strike.targets.disturbances);
    const int worker = strike.some_process("worker");
    for (int i = 0; i < flaps && !strike.ending(); ++i) {
        strike.targets.bed.redis_proxy()->treat(worker, {.cut = true});
        strike.pause(1ms, 20ms);
        strike.targets.bed.redis_proxy()->treat_all_well();
        strike.pause(50ms, 500ms);
    }
}

void cut_and_kill_worker(Strike& strike) {
    const Disturbances::Scope disturbance(strike.targets.disturbances);
    const int worker = strike.some_process("worker");
    if (worker <= 0) return;
    auto& database = *strike.targets.bed.database_proxy();
    strike.targets.bed.redis_proxy()->treat(worker, {.cut = true});
    for (int i = 0; i < 10; ++i) {
        const int committed = database.catch_answer(commit_text, 500ms);
        if (committed == worker) strike.targets.bed.stack().kill(worker, SIGKILL);
        database.release();
        if (committed == worker) break;
    }
    strike.targets.bed.redis_proxy()->treat_all_well();
}

void cut_worker_and_delay_writes(Strike& strike) {
    const Disturbances::Scope disturbance(strike.targets.disturbances);
    auto& database = *strike.targets.bed.database_proxy();
    strike.targets.bed.redis_proxy()->treat(strike.some_process("worker"), {.cut = true});
    wait_for_trust(strike, false);
    // Few, so that the workers have threads left.
    database.withhold_requests(change_text, 5);
    strike.pause(5ms, 40ms);
    strike.targets.bed.redis_proxy()->treat_all_well();
    wait_for_trust(strike, true);
    strike.pause(50ms, 500ms);
    database.release();
}

void delay_worker(Strike& strike) { delay_connections(strike, 1); }

void delay_some_connections(Strike& strike) { delay_connections(strike, 3); }

void evict(Strike& strike) {
    const Disturbances::Scope disturbance(strike.targets.disturbances);
    auto& redis = strike.targets.bed.redis();
    redis.command({"CONFIG", "SET", "maxmemory-policy",
                   strike.random() % 2 == 0 ? "allkeys-random" : "allkeys-lru"});
    redis.command({"CONFIG", "SET", "maxmemory", "3mb"});
    test::Redis filler(redis.socket());
    for (int i = 0; i < filler_keys && !strike.ending(); ++i) {
        filler.command({"SET", "filler:" + std::to_string(strike.random()), std::string(2000, 'x'),
                        "PX", "3000"});
    }
    redis.command({"CONFIG", "SET", "maxmemory", "0"});
}

void fill_redis(Strike& strike) {
    const Disturbances::Scope disturbance(strike.targets.disturbances);
    auto& redis = strike.targets.bed.redis();
    redis.command({"CONFIG", "SET", "maxmemory-policy", "noeviction"});
    redis.command({"CONFIG", "SET", "maxmemory", "1"});
    strike.pause(50ms, 2000ms);
    redis.command({"CONFIG", "SET", "maxmemory", "0"});
}

void clear_caches(Strike& strike) {
    for (int i = 0; i < 5; ++i) {
        (void)strike.targets.bed.stack().client().post(
            "/cache/clear", "", {"Authorization: Bearer " + strike.targets.bed.admin()});
        strike.pause(1ms, 50ms);
    }
}

void be_rude(Strike& strike) {
    test::RudeClients rude(
        strike.targets.rude,
        {.clients = rude_clients, .idle = 100, .seed = strike.random(), .acts = {}});
    strike.pause(500ms, 5000ms);
}

void write_with_psql(Strike& strike) {
    const auto edits = 1 + strike.random() % 4;
    for (std::size_t i = 0; i < edits; ++i) strike.targets.foreign.update(strike.random);
    if (strike.random() % 4 == 0) strike.targets.foreign.remove(strike.random);
}

void copy_rows(Strike& strike) { strike.targets.foreign.copy(strike.random); }

void truncate_side_table(Strike& strike) {
    // It empties the record cache, in which nothing stale would show otherwise.
    if (strike.random() % 4 == 0) strike.targets.foreign.truncate_side_table();
}

}  // namespace larder::coherence
