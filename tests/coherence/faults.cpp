#include "faults.hpp"

#include <signal.h>

#include <algorithm>
#include <cmath>
#include <stdexcept>

#include "strikes.hpp"

namespace larder::coherence {
namespace {

enum class Lane { processes, connections, foreign };

struct Fault {
    const char* name;
    Lane lane;
    void (*strike)(Strike&);
    bool needs_proxy = false;
};

constexpr Fault all_faults[] = {
    {"worker-kill", Lane::processes, kill_worker},
    {"workers-kill", Lane::processes, kill_all_workers},
    {"worker-stop", Lane::processes, stop_worker},
    {"worker-stutter", Lane::processes, stutter_worker},
    {"feed-kill", Lane::processes, kill_feed},
    {"backend-stop", Lane::processes, stop_backends},
    {"postgresql-fast", Lane::processes, restart_postgresql_fast},
    {"postgresql-immediate", Lane::processes, restart_postgresql_immediate},
    {"commit-slow", Lane::connections, delay_commits, true},
    {"revocation-slow", Lane::connections, delay_revocations, true},
    {"commit-kill", Lane::connections, kill_after_commit, true},
    {"removal-slow", Lane::connections, delay_removals, true},
    {"import-slow", Lane::connections, delay_imports, true},
    {"nginx-reload", Lane::processes, reload_nginx},
    {"nginx-restart", Lane::processes, restart_nginx},
    {"redis-stop", Lane::connections, stop_redis},
    {"redis-empty", Lane::connections, restart_redis_empty},
    {"redis-dump", Lane::connections, restart_redis_from_dump},
    {"redis-dump-idle", Lane::connections, replace_redis_while_workers_rest},
    {"redis-cut", Lane::connections, cut_worker_off, true},
    {"redis-flap", Lane::connections, flap_worker, true},
    {"redis-cut-kill", Lane::connections, cut_and_kill_worker, true},
    {"redis-cut-writes", Lane::connections, cut_worker_and_delay_writes, true},
    {"redis-delay", Lane::connections, delay_worker, true},
    {"redis-delay-some", Lane::connections, delay_some_connections, true},
    {"evict", Lane::connections, evict},
    {"redis-full", Lane::connections, fill_redis},
    {"clear", Lane::connections, clear_caches},
    {"rude", Lane::connections, be_rude},
    {"psql", Lane::foreign, write_with_psql},
    {"copy", Lane::foreign, copy_rows},
    {"truncate", Lane::foreign, truncate_side_table},
};

const Fault* fault_of(const std::string& name) {
    const auto* found =
        std::ranges::find_if(all_faults, [&](const Fault& fault) { return name == fault.name; });
    return found == std::end(all_faults) ? nullptr : found;
}

}  // namespace

std::vector<std::string> fault_names() {
    std::vector<std::string> names;
    for (const auto& fault : all_faults) names.emplace_back(fault.name);
    return names;
}

bool needs_proxy(const std::vector<std::string>& faults) {
    return std::ranges::any_of(faults, [](const std::string& name) {
        const auto* found = fault_of(name);
        return found != nullptr && found->needs_proxy;
    });
}

bool is_foreign(const std::string& fault) {
    const auto* found = fault_of(fault);
    return (found != nullptr && found->lane == Lane::foreign) || fault == "feed-kill";
}

Faults::Faults(FaultTargets targets, const std::vector<std::string>& enabled, std::uint64_t seed)
    : targets_(targets) {
    for (const auto lane : {Lane::processes, Lane::connections, Lane::foreign}) {
        std::vector<std::string> faults;
        for (const auto& name : enabled) {
            if (fault_of(name)->lane == lane) faults.push_back(name);
        }
        if (faults.empty()) continue;
        lanes_.emplace_back([=, this](const std::stop_token& stop) {
            run_lane(stop, faults, seed * 10 + static_cast<std::uint64_t>(lane));
        });
    }
}

void Faults::run_lane(const std::stop_token& stop, std::vector<std::string> faults,
                      std::uint64_t seed) {
    std::mt19937_64 random(seed);
    try {
        while (true) {
            // Each fault of the lane once in a round, so that a short run sees them all.
            std::ranges::shuffle(faults, random);
            for (const auto& name : faults) {
                Strike strike(targets_, random(), stop);
                strike.pause(std::chrono::milliseconds(100), std::chrono::milliseconds(1500));
                if (stop.stop_requested()) return;
                fault_of(name)->strike(strike);
                const std::scoped_lock lock(mutex_);
                ++counts_[name];
            }
        }
    } catch (const std::exception& error) {
        const std::scoped_lock lock(mutex_);
        failure_ = error.what();
    }
}

void Faults::stop() {
    for (auto& lane : lanes_) lane.request_stop();
    lanes_.clear();
    if (!failure_.empty()) throw std::runtime_error("a fault could not be undone: " + failure_);
}

std::map<std::string, unsigned> Faults::counts() const {
    const std::scoped_lock lock(mutex_);
    return counts_;
}

}  // namespace larder::coherence
