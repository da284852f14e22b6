#pragma once

#include <chrono>
#include <random>
#include <stop_token>

#include "faults.hpp"

namespace larder::coherence {

/// One fault under way: what it strikes, its own random numbers, and waiting that ends when the run
/// does.
class Strike {
public:
    Strike(FaultTargets targets, std::uint64_t seed, std::stop_token stop);

    FaultTargets targets;
    std::mt19937_64 random;

    /// Waits for a random time between the two, short ones as likely as long ones of any length.
    void pause(std::chrono::milliseconds shortest, std::chrono::milliseconds longest);
    /// One process of a part; 0 if none runs.
    int some_process(const std::string& part);
    [[nodiscard]] bool ending() const { return stop_.stop_requested(); }

private:
    std::stop_token stop_;
};

// Each of these strikes once and leaves everything running again.
void kill_worker(Strike& strike);
void kill_all_workers(Strike& strike);
/// For up to 5 s, longer than a lease lasts.
void stop_worker(Strike& strike);
/// Many stops of a few milliseconds, which fall between any two steps of a request.
void stutter_worker(Strike& strike);
void kill_feed(Strike& strike);
void stop_backends(Strike& strike);
void restart_postgresql_fast(Strike& strike);
void restart_postgresql_immediate(Strike& strike);
/// PostgreSQL's answer to a COMMIT comes late.
void delay_commits(Strike& strike);
/// COMMIT of larder-token comes late, or PostgreSQL's answer to it, and the feed stands still.
void delay_revocations(Strike& strike);
/// The steps of removals that change other records come late.
void delay_removals(Strike& strike);
/// COMMIT of imports comes late.
void delay_imports(Strike& strike);
/// When PostgreSQL has committed and the worker does not know yet.
void kill_after_commit(Strike& strike);
void reload_nginx(Strike& strike);
/// Its cache directory stays.
void restart_nginx(Strike& strike);

void stop_redis(Strike& strike);
void restart_redis_empty(Strike& strike);
/// With what it held a while ago.
void restart_redis_from_dump(Strike& strike);
/// From a dump of the present epoch, while every worker stands still: all connections are idle.
void replace_redis_while_workers_rest(Strike& strike);
void cut_worker_off(Strike& strike);
/// Again and again, for moments, so that trust in Redis comes and goes.
void flap_worker(Strike& strike);
/// When it has lost Redis and then committed something.
void cut_and_kill_worker(Strike& strike);
/// So that writes which began without Redis reach PostgreSQL after the others have it back.
void cut_worker_and_delay_writes(Strike& strike);
/// Past the time-out of a command, in either direction.
void delay_worker(Strike& strike);
/// The same, for some of a worker's connections only.
void delay_some_connections(Strike& strike);
/// Random keys make way for others all the time.
void evict(Strike& strike);
/// No key may be stored.
void fill_redis(Strike& strike);
void clear_caches(Strike& strike);
/// Clients that hang up, fall silent and send nonsense.
void be_rude(Strike& strike);

void write_with_psql(Strike& strike);
void copy_rows(Strike& strike);
void truncate_side_table(Strike& strike);

}  // namespace larder::coherence
