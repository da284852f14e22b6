#include "records/epoch.hpp"

#include <fcntl.h>
#include <fmt/format.h>
#include <sys/file.h>

#include "file.hpp"
#include "number.hpp"
#include "observe/log.hpp"

namespace larder {

namespace {

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
                log_info("redis_trusted", {{"epoch", std::to_string(*epoch)}, {"run_id", run_id}});
            }
            return {};
        }
        trust.lose();
        if (!live) return {};
        least = *live;
    }
}

}  // namespace

Expected<void> renew_epoch(Backend& backend) {
    const EpochLock lock(backend.services.settings.run_dir, LOCK_EX);
    if (!lock.is_held()) return fail(ErrorKind::unavailable, "The cache is being renewed.");
    const auto run_id = backend.cache.connect();
    if (run_id) return raise_everywhere(backend, *run_id);
    backend.services.trust.lose();
    return {};
}

bool regain_trust(Backend& backend) {
    if (backend.services.trust.epoch() != 0) return true;
    const EpochLock lock(backend.services.settings.run_dir, LOCK_EX | LOCK_NB);
    if (!lock.is_held() || backend.services.trust.epoch() != 0) return false;
    const auto run_id = backend.cache.connect();
    if (!run_id || !raise_everywhere(backend, *run_id)) return false;
    return backend.services.trust.epoch() != 0;
}

}  // namespace larder
