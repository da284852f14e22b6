#include "cache/record_cache.hpp"

#include <algorithm>
#include <utility>

#include "cache/scripts.hpp"
#include "mutant.hpp"
#include "number.hpp"
#include "observe/log.hpp"

namespace larder {

namespace {

// Long enough for a slow SELECT, short enough that a reader that died blocks nobody for long.
const std::string lease_ms = "3000";
const std::string live_key = "larder:epoch";
const std::string key_prefix = "larder:";

// What goes to Redis in one command has to take far less than REDIS_TIMEOUT_MS, or the cache would
// be given up for it. A body of the default limit (1 MiB) fits.
constexpr std::size_t largest_value = std::size_t{2} << 20U;
constexpr std::size_t largest_fill = std::size_t{8} << 20U;

// Redis serves nobody else meanwhile: so many entries take about 0.3 ms.
constexpr std::size_t largest_fence = 500;

constexpr std::int64_t scan_count = 500;

/// How many pages a SCAN of so many keys can have at most, so that one that never ends is left.
/// Redis looks at scan_count slots of its hash table or more for a page, and the table has at most
/// some ten slots for a key, twice while it is resized.
std::int64_t most_pages(std::int64_t keys) {
    constexpr std::int64_t fewest = 100;
    constexpr std::int64_t most = 10'000'000;
    return fewest + std::clamp<std::int64_t>(keys / scan_count, 0, most) * 32;
}

constexpr std::string_view not_redis = "an answer that Redis does not give";

std::string value_key(std::uint64_t epoch, const std::string& key) {
    return key_prefix + std::to_string(epoch) + ':' + key;
}

constexpr std::string_view lease_suffix = ":lease";

std::string lease_key(std::uint64_t epoch, const std::string& key) {
    return value_key(epoch, key).append(lease_suffix);
}

// The lease of `x` has the name that the value of `x:lease` would have, so entries of such names
// are never read or filled: each of their reads goes to PostgreSQL. They are fenced like all
// others. A new form of the names would not do: while two versions serve, on one host or several,
// the fence of one must reach whatever the other reads.
bool is_cacheable(std::string_view key) { return !key.ends_with(lease_suffix); }

// More than PostgreSQL's bigint holds is none; the word of cache/trust.hpp has no room for it.
std::uint64_t to_epoch(std::string_view text) {
    const auto number = to_number<std::int64_t>(text).value_or(0);
    return number > 0 ? static_cast<std::uint64_t>(number) : 0;
}

std::uint64_t live_epoch(const RedisReply& reply) { return to_epoch(reply.list.front().text); }

/// Whether a script can have answered this: the live epoch as text, which is "0" where there is
/// none.
bool is_script_reply(const RedisReply& reply) {
    return !reply.list.empty() && reply.list.front().type == RedisReply::Type::text;
}

/// Whether these are the replies to what `get_script` was asked for `count` entries.
bool are_leases(const RedisReply& reply, std::size_t count) {
    if (reply.list.size() != 1 + 2 * count) return false;
    for (std::size_t i = 1; i < reply.list.size(); i += 2) {
        const auto type = reply.list[i].type;
        if (type != RedisReply::Type::text && type != RedisReply::Type::nil) return false;
        if (reply.list[i + 1].type != RedisReply::Type::integer) return false;
    }
    return true;
}

/// The fills without the values that must not be stored; nothing where all may be.
std::optional<RecordCache::Fills> within_bounds(const RecordCache::Fills& fills) {
    std::optional<RecordCache::Fills> bounded;
    std::size_t total = 0;
    for (std::size_t i = 0; i < fills.keys.size(); ++i) {
        const std::size_t size = fills.values[i].size();
        if (size <= largest_value && size <= largest_fill - total && is_cacheable(fills.keys[i])) {
            total += size;
            continue;
        }
        if (!bounded) bounded = fills;
        bounded->values[i].clear();
    }
    return bounded;
}

void log_invalidated(std::span<const std::string> keys) {
    if (!is_debug_logged()) return;
    for (const std::string& key : keys) log_debug("cache_invalidated", {{"key", key}});
}

}  // namespace

RecordCache::RecordCache(Trust& trust, const Metrics& metrics, RedisAddress address,
                         std::chrono::milliseconds timeout)
    : trust_(trust), metrics_(metrics), redis_(std::move(address), timeout) {
    redis_.on_late_reply([this](const RedisReply& filled) {
        if (filled.list.size() != 2 || filled.list[1].integer < 0) return;
        metrics_.cache_fills_rejected.add(static_cast<std::uint64_t>(filled.list[1].integer));
    });
}

void RecordCache::lose() {
    const std::string cause = redis_.error();
    redis_.close();
    metrics_.redis_failures.add();
    if (mutant == Mutant::lost_connection_unnoticed) return;
    if (mutant == Mutant::trust_after_commit) return;
    trust_.lose(cause);
}

bool RecordCache::ready() {
    // A connection to a Redis that was replaced is of no use, but no reason to lose trust. Nor is
    // one that the server has closed because it was idle: nothing but fills can have been under
    // way, which may be lost or come late, and the next connection has to lead to the same Redis
    // (the model's `outage-quiet-reconnect`; without that step it is
    // `outage-quiet-reconnect-unchecked`).
    if (redis_.was_closed_while_idle()) {
        redis_.close();
        if (mutant == Mutant::idle_reconnect_unchecked) {
            const std::string known = run_id_;
            if (connect()) run_id_ = known;
        }
    }
    const bool any_will_do = mutant == Mutant::lost_connection_unnoticed;
    if (redis_.is_open() && (any_will_do || trust_.knows(run_id_))) return true;
    const auto run_id = connect();
    if (run_id && (any_will_do || trust_.knows(*run_id))) return true;
    if (run_id) redis_.fail("another Redis, or one that was a replica meanwhile");
    lose();
    return false;
}

// The epoch is compared after the connection: a Redis that has come back with old data, which may
// hold this very epoch as the live one, is known only after the host has left the epoch.
bool RecordCache::is_usable(std::uint64_t epoch) {
    return epoch != 0 && ready() && trust_.epoch() == epoch;
}

std::optional<std::string> RecordCache::connect() {
    auto run_id = redis_.open();
    if (run_id && !load_scripts()) return std::nullopt;
    run_id_ = run_id.value_or("");
    return run_id;
}

bool RecordCache::load_scripts() {
    std::vector<RedisCommand> commands;
    for (const auto script : {scripts::get, scripts::fence, scripts::fill, scripts::raise}) {
        commands.push_back({"SCRIPT", "LOAD", std::string(script)});
    }
    const auto replies = redis_.pipeline(commands);
    if (!replies) return false;
    for (std::size_t i = 0; i < hashes_.size(); ++i) {
        hashes_[i] = (*replies)[i].text;
        if (hashes_[i].empty()) return redis_.fail(std::string(not_redis));
    }
    return true;
}

RedisCommand RecordCache::call(Script script, std::uint64_t epoch,
                               std::span<const std::string> keys,
                               std::initializer_list<std::string> arguments) const {
    RedisCommand command = {"EVALSHA", hashes_[script], std::to_string(1 + 2 * keys.size()),
                            live_key};
    for (const std::string& key : keys) {
        command.push_back(value_key(epoch, key));
        command.push_back(lease_key(epoch, key));
    }
    command.push_back(std::to_string(epoch));
    command.insert(command.end(), arguments.begin(), arguments.end());
    return command;
}

std::optional<std::vector<RedisReply>> RecordCache::run(std::span<const RedisCommand> commands) {
    auto replies = redis_.pipeline(commands);
    // SCRIPT FLUSH has no effect on values, so this is no reason to lose trust.
    if (!replies && redis_.script_missing() && load_scripts()) replies = redis_.pipeline(commands);
    if (!replies) lose();
    return replies;
}

std::optional<RedisReply> RecordCache::run_script(const RedisCommand& command) {
    auto replies = run({&command, 1});
    if (!replies) return std::nullopt;
    if (is_script_reply(replies->front())) return std::move(replies->front());
    redis_.fail(std::string(not_redis));
    lose();
    return std::nullopt;
}

std::vector<std::optional<std::string>> RecordCache::read(std::span<const std::string_view> keys) {
    const std::uint64_t epoch = trust_.epoch();
    if (!is_usable(epoch)) return {};
    RedisCommand command = {"MGET", live_key};
    command.reserve(2 + keys.size());
    const std::string prefix = value_key(epoch, "");
    for (const std::string_view key : keys) command.emplace_back(prefix).append(key);
    auto replies = run({&command, 1});
    if (!replies) return {};
    auto& list = replies->front().list;
    if (list.size() != 1 + keys.size()) {
        redis_.fail(std::string(not_redis));
        lose();
        return {};
    }
    if (const std::uint64_t live = to_epoch(list.front().text); live != epoch) {
        trust_.follow(epoch, live);
        return {};
    }
    std::vector<std::optional<std::string>> values;
    values.reserve(keys.size());
    for (std::size_t i = 1; i < list.size(); ++i) {
        const bool is_hit = list[i].type == RedisReply::Type::text;
        values.push_back(is_hit && is_cacheable(keys[i - 1])
                             ? std::optional(std::move(list[i].text))
                             : std::nullopt);
    }
    return values;
}

RecordCache::Leases RecordCache::lease(std::uint64_t epoch, std::span<const std::string> keys,
                                       std::string token) {
    if (!is_usable(epoch)) return {};
    Leases leases{.token = std::move(token), .of = {}};
    const RedisCommand command = call(get_script, epoch, keys, {leases.token, lease_ms});
    auto reply = run_script(command);
    if (!reply) return {};
    if (const std::uint64_t live = live_epoch(*reply); live != epoch) {
        trust_.follow(epoch, live);
        return {};
    }
    if (!are_leases(*reply, keys.size())) {
        redis_.fail(std::string(not_redis));
        lose();
        return {};
    }
    auto& list = reply->list;
    leases.of.resize(keys.size());
    for (std::size_t i = 0; i < keys.size(); ++i) {
        if (!is_cacheable(keys[i])) {
            leases.of[i].is_held = true;  // nobody else fills it, so waiting would not help
            continue;
        }
        RedisReply& value = list[1 + 2 * i];
        if (value.type == RedisReply::Type::text) leases.of[i].value = std::move(value.text);
        leases.of[i].is_held = list[2 + 2 * i].integer == 1 || mutant == Mutant::no_lease;
    }
    return leases;
}

std::uint64_t RecordCache::fence(std::span<const std::string> keys, const std::string& token) {
    for (;;) {
        std::uint64_t epoch = 0;
        bool is_acknowledged = true;
        bool is_one_epoch = true;
        for (auto rest = keys; !rest.empty();) {
            const auto count = std::min(rest.size(), largest_fence);
            const std::uint64_t found = fence_at_once(rest.first(count), token);
            rest = rest.subspan(count);
            // The rest is fenced all the same, for the host may be joining an epoch.
            if (found == 0) is_acknowledged = false;
            if (epoch != 0 && found != epoch) is_one_epoch = false;
            epoch = found;
        }
        if (!is_acknowledged) return 0;
        if (is_one_epoch) return epoch;
    }
}

std::uint64_t RecordCache::fence_at_once(std::span<const std::string> keys,
                                         const std::string& token) {
    const auto failed = [&]() -> std::uint64_t {
        metrics_.cache_fences_failed.add(keys.size());
        return 0;
    };
    for (;;) {
        const auto [epoch, is_joining] = trust_.fencing();
        if (epoch == 0) return 0;
        if (!ready()) return failed();
        if (trust_.fencing().epoch != epoch) continue;
        const std::string lease = is_joining ? std::string() : token;
        const RedisCommand command = call(fence_script, epoch, keys, {lease, lease_ms});
        const auto reply = run_script(command);
        if (!reply) return failed();
        const std::uint64_t live = live_epoch(*reply);
        // Whoever fills under an epoch that is not live yet will read after this change. But other
        // hosts may be in an older one still, so to them this was no fence.
        if (is_joining && live <= epoch) return 0;
        if (live == epoch) {
            log_invalidated(keys);
            metrics_.cache_fences_acknowledged.add(keys.size());
            return epoch;
        }
        if (is_joining) {
            trust_.lose("another host was faster");  // this epoch will not do
        } else {
            trust_.follow(epoch, live);
        }
    }
}

void RecordCache::Fills::add(std::string key, std::string value) {
    keys.push_back(std::move(key));
    values.push_back(std::move(value));
}

void RecordCache::fill(std::uint64_t epoch, const Fills& given) {
    if (given.keys.empty() || !is_usable(epoch)) return;
    const auto bounded = within_bounds(given);
    const Fills& fills = bounded ? *bounded : given;
    RedisCommand command =
        call(fill_script, epoch, fills.keys, {fills.token, std::to_string(fills.lifetime.count())});
    command.insert(command.end(), fills.values.begin(), fills.values.end());
    if (mutant == Mutant::no_lease) {
        command = {"MSET"};
        for (std::size_t i = 0; i < fills.keys.size(); ++i) {
            if (fills.values[i].empty()) continue;
            command.push_back(value_key(epoch, fills.keys[i]));
            command.push_back(fills.values[i]);
        }
        if (command.size() == 1) return;
    }
    if (!redis_.send({&command, 1})) return lose();
    count_fills(fills);
}

void RecordCache::count_fills(const Fills& fills) const {
    for (std::size_t i = 0; i < fills.keys.size(); ++i) {
        if (fills.values[i].empty()) continue;
        metrics_.cache_fills.add();
        if (is_debug_logged()) {
            log_debug("cache_filled",
                      {{"key", fills.keys[i]}, {"ttl_ms", std::to_string(fills.lifetime.count())}});
        }
    }
}

bool RecordCache::ping() {
    const RedisCommand command = {"PING"};
    return is_usable(trust_.epoch()) && run({&command, 1});
}

std::optional<std::uint64_t> RecordCache::raise(std::uint64_t epoch) {
    const auto reply = redis_.command(call(raise_script, epoch, {}, {}));
    if (!reply || !is_script_reply(*reply)) return std::nullopt;
    return live_epoch(*reply);
}

void RecordCache::remove_other_epochs(std::uint64_t epoch) {
    if (!ready()) return;
    const auto size = redis_.command({"DBSIZE"});
    if (!size || size->type != RedisReply::Type::integer) return;
    std::int64_t pages = most_pages(size->integer);
    const std::string current = key_prefix + std::to_string(epoch) + ':';
    const std::string count = std::to_string(scan_count);
    std::string cursor = "0";
    do {
        const auto page =
            redis_.command({"SCAN", cursor, "MATCH", key_prefix + "[0-9]*", "COUNT", count});
        if (!page || page->list.size() != 2) return;
        cursor = page->list[0].text;
        RedisCommand unlink = {"UNLINK"};
        for (const RedisReply& key : page->list[1].list) {
            if (!key.text.starts_with(current)) unlink.push_back(key.text);
        }
        if (unlink.size() > 1 && !redis_.command(unlink)) return;
    } while (cursor != "0" && --pages > 0 && trust_.epoch() == epoch);
}

}  // namespace larder
