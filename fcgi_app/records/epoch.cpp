#include "records/epoch.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>
#include <unistd.h>

#include <cerrno>
#include <string_view>

#include "file.hpp"
#include "number.hpp"
#include "observe/log.hpp"

namespace larder {

namespace {

constexpr std::string_view held = "descriptions change (RUN_DIR/hold)";

/// The lock of the one who leads the host to a new epoch. The kernel frees it with the process.
class EpochLock {
public:
    EpochLock(const std::string& run_dir, int operation)
        : file_(run_dir + "/epoch.lock", O_RDWR | O_CREAT),
          is_held_(file_.is_open() && flock(file_.descriptor(), operation) == 0) {}

    bool is_held() const { return is_held_; }

private:
    File file_;
    bool is_held_;
};

std::string hold_file(const std::string& run_dir) { return run_dir + "/hold"; }

bool is_held(const Services& services) {
    return ::access(hold_file(services.settings.run_dir).c_str(), F_OK) == 0;
}

/// The next epoch, over every one used before and over `least`.
Expected<std::uint64_t> raise_in_database(Session& session, std::uint64_t least) {
    const auto rows = session.execute(fmt::format(
        "UPDATE larder.epoch SET value = greatest(value, {}) + 1 RETURNING value", least));
    if (!rows) return std::unexpected(rows.error());
    if (rows->size() != 1) return fail(ErrorKind::internal, "", "larder.epoch must have one row");
    return to_number<std::uint64_t>(rows->front()[0].value_or("")).value_or(0);
}

/// Leads the host to a new epoch of the Redis that `run_id` names. Where that fails on the way, the
/// host goes on without Redis.
Expected<void> raise_everywhere(Backend& backend, const std::string& run_id) {
    Trust& trust = backend.services.trust;
    std::uint64_t least = 0;
    for (;;) {
        const auto epoch = raise_in_database(backend.session, least);
        if (!epoch) return std::unexpected(epoch.error());
        // Joined before it is live: from then on other hosts may fill entries under it, which the
        // writers of this host must fence.
        const bool joined = trust.begin(*epoch, run_id);
        const auto live = joined ? backend.cache.raise(*epoch) : std::nullopt;
        if (live == *epoch) {
            if (trust.complete(*epoch)) {
                backend.services.metrics.cache_renewals.add();
                log_info("redis_trusted", {{"epoch", std::to_string(*epoch)},
                                           {"run_id", run_id.substr(0, run_id.find(' '))}});
            }
            return {};
        }
        trust.lose(live ? "another host was faster" : backend.cache.error());
        if (!live) return {};
        least = *live;
    }
}

}  // namespace

bool descriptions_change(const Services& services) {
    return services.trust.epoch() == 0 && is_held(services);
}

Expected<void> renew_epoch(Backend& backend) {
    const EpochLock lock(backend.services.settings.run_dir, LOCK_EX);
    if (!lock.is_held()) return fail(ErrorKind::unavailable, "The cache is being renewed.");
    if (is_held(backend.services)) {
        backend.services.trust.lose(held);
        return {};
    }
    const auto run_id = backend.cache.connect();
    if (run_id) return raise_everywhere(backend, *run_id);
    backend.services.trust.lose(backend.cache.error());
    return {};
}

bool regain_trust(Backend& backend) {
    if (backend.services.trust.epoch() != 0) return true;
    const EpochLock lock(backend.services.settings.run_dir, LOCK_EX | LOCK_NB);
    if (!lock.is_held() || is_held(backend.services) || backend.services.trust.epoch() != 0)
        return false;
    const auto run_id = backend.cache.connect();
    if (!run_id || !raise_everywhere(backend, *run_id)) return false;
    return backend.services.trust.epoch() != 0;
}

std::expected<void, std::string> hold_redis(const std::string& run_dir, Trust& trust) {
    // Whoever is about to trust Redis holds the lock, and looks for the file first.
    const EpochLock lock(run_dir, LOCK_EX);
    const File file(hold_file(run_dir), O_WRONLY | O_CREAT);
    if (!lock.is_held() || !file.is_open())
        return std::unexpected(file_failure(hold_file(run_dir)));
    trust.lose(held);
    return {};
}

std::expected<void, std::string> release_redis(const std::string& run_dir) {
    if (unlink(hold_file(run_dir).c_str()) == 0 || errno == ENOENT) return {};
    return std::unexpected(file_failure(hold_file(run_dir)));
}

}  // namespace larder
