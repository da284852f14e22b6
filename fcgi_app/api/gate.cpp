#include "api/gate.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <ctime>
#include <exception>
#include <utility>

#include "access/jwt.hpp"
#include "access/rights.hpp"
#include "access/secret.hpp"
#include "api/authorize.hpp"
#include "mutant.hpp"
#include "observe/log.hpp"

namespace larder {

namespace {

using std::chrono::seconds;

// What this process remembers of tokens, at most. Who has one valid JWT may make others of it that
// are valid too, by the spelling of its signature.
constexpr std::size_t most_known = 10000;

// Where no feed tells of the changes of other hosts, the table of tokens is read once in a period
// (access/links.hpp). In an outage it is tried this often.
constexpr seconds renew_interval{access::period_seconds};
constexpr seconds retry_interval{5};
constexpr seconds broken_file_interval{1};  // a key file that could not be read

constexpr std::int64_t hour = 3600;

char lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }

Error keys_unread() {
    return {.kind = ErrorKind::unavailable,
            .detail = "The keys of the identity provider cannot be read now."};
}

/// Unique over both kinds.
std::string key_owner(const access::Identity& identity) {
    return (identity.kind == access::IdentityKind::token ? "token " : "jwt ") + identity.id;
}

/// Whatever `work` throws is an error.
template <class Work>
std::optional<Error> failure_of(Work work) noexcept {
    try {
        return work();
    } catch (const std::exception& error) {
        return Error{.kind = ErrorKind::internal,
                     .detail = "Something went wrong inside the server.",
                     .log = error.what()};
    }
}

}  // namespace

std::optional<std::string_view> bearer_token(std::string_view authorization) {
    constexpr std::string_view scheme = "bearer";
    const std::string_view sent = authorization.substr(0, authorization.find(' '));
    const bool is_bearer =
        std::ranges::equal(sent, scheme, [](char a, char b) { return lower(a) == b; });
    if (!is_bearer) return std::nullopt;
    authorization.remove_prefix(sent.size());
    authorization.remove_prefix(
        std::min(authorization.find_first_not_of(' '), authorization.size()));
    return authorization;
}

Gate::Gate(Services& services, std::function<void(Job)> push, std::function<void()> wake)
    : services_(services),
      push_(std::move(push)),
      wake_(std::move(wake)),
      links_(services.access_generation) {}

void Gate::look() {
    generation_ = services_.access_generation.current();
    now_ = Clock::now();
    unix_now_ = std::time(nullptr);
}

Gate::Decision Gate::decide(const http::Request& request, const Endpoint& endpoint,
                            const Fresh& fresh) {
    if (is_open(endpoint, request)) return {};
    const auto token = bearer_token(request.authorization);
    if (token && access::is_own_token(*token)) {
        return decide_own(*token, request, endpoint, fresh);
    }
    if (token) return decide_jwt(*token, request, endpoint, fresh);
    if (!may_call(endpoint, {})) return {.refusal = no_token()};
    const bool is_let = request.for_list_cache && let_nginx({}, nullptr);
    return {.may_be_kept_by_now = is_let && request.is_first_look};
}

/// Null: there are none that may be used for a request that has come just now.
const Gate::Tokens* Gate::present_tokens() const {
    const Tokens* kept = tokens_.kept.get();
    if (mutant == Mutant::access_link_unread) return kept;
    if (kept == nullptr || kept->read.generation != generation_) return nullptr;
    return now_ < renew_at_ ? kept : nullptr;
}

const Gate::Keys* Gate::present_keys() const {
    const Keys* kept = keys_.kept.get();
    if (kept == nullptr || kept->generation != generation_) return nullptr;
    if (kept->file.keys || now_ < kept->read_at + broken_file_interval) return kept;
    return nullptr;
}

Gate::Decision Gate::decide_own(std::string_view token, const http::Request& request,
                                const Endpoint& endpoint, const Fresh& fresh) {
    const Tokens* present = present_tokens();
    const Tokens* tokens = fresh.tokens ? fresh.tokens.get() : present;
    if (tokens == nullptr) return {.wait = Wait::tokens};
    if (tokens->error) return {.refusal = tokens->error};
    if (tokens != present) {
        const access::Verdict verdict = tokens->read.table.judge(token, unix_now_);
        if (!verdict) return {.refusal = bad_token(verdict.error())};
        note_use(*verdict);
        return grant(*verdict, request, endpoint);
    }
    auto known = tokens_.known.find(token);
    if (known == tokens_.known.end() || !known->second.identity.is_valid_at(unix_now_)) {
        access::Verdict verdict = tokens->read.table.judge(token, unix_now_);
        if (!verdict) return {.refusal = bad_token(verdict.error())};
        if (tokens_.known.size() >= most_known) tokens_.known.clear();
        known =
            tokens_.known.insert_or_assign(std::string(token), Judged{std::move(*verdict)}).first;
    }
    Judged& judged = known->second;
    if (std::exchange(judged.noted_hour, unix_now_ / hour) != unix_now_ / hour) {
        note_use(judged.identity);
    }
    return grant_and_let(token, judged.identity, request, endpoint);
}

Gate::Decision Gate::decide_jwt(std::string_view token, const http::Request& request,
                                const Endpoint& endpoint, const Fresh& fresh) {
    static const access::KeySet no_keys;
    const access::JwtRules& rules = services_.settings.jwt;
    if (services_.settings.auth_jwks.empty()) {
        const access::Verdict verdict = access::judge_jwt(token, no_keys, rules, unix_now_);
        return {.refusal = bad_token(verdict ? access::Refusal::key : verdict.error())};
    }
    const Keys* present = present_keys();
    const Keys* keys = fresh.keys ? fresh.keys.get() : present;
    if (keys == nullptr) return {.wait = Wait::keys};
    if (!keys->file.keys) return {.refusal = keys_unread()};
    auto known = keys == present ? keys_.known.find(token) : keys_.known.end();
    if (known == keys_.known.end() || !known->second.identity.is_valid_at(unix_now_)) {
        access::Verdict verdict = access::judge_jwt(token, *keys->file.keys, rules, unix_now_);
        if (!verdict) return {.refusal = bad_token(verdict.error())};
        if (keys != present) return grant(*verdict, request, endpoint);
        if (keys_.known.size() >= most_known) keys_.known.clear();
        known = keys_.known.insert_or_assign(std::string(token), Judged{std::move(*verdict)}).first;
    }
    return grant_and_let(token, known->second.identity, request, endpoint);
}

Gate::Decision Gate::grant(const access::Identity& identity, const http::Request& request,
                           const Endpoint& endpoint) {
    if (may_call(endpoint, identity.roles)) {
        return {.user = identity.name,
                .key_owner = request.is_read() ? std::string() : key_owner(identity)};
    }
    log_debug("no_right", {{"user", identity.name}, {"path", request.target}});
    return {.refusal = no_right(endpoint), .user = identity.name};
}

Gate::Decision Gate::grant_and_let(std::string_view token, const access::Identity& identity,
                                   const http::Request& request, const Endpoint& endpoint) {
    const bool is_let = request.for_list_cache && let_nginx(token, &identity);
    Decision decision = grant(identity, request, endpoint);
    decision.may_be_kept_by_now = is_let && request.is_first_look && !decision.refusal;
    return decision;
}

/// Lets nginx answer this client's requests for lists by itself, in the generation that the verdict
/// rests on. True: it could not before.
bool Gate::let_nginx(std::string_view token, const access::Identity* identity) {
    std::optional<std::string> client = std::string(access::tokenless);
    if (identity != nullptr) client = access::client_name(token);
    if (!client || links_.is_made(generation_, *client, unix_now_)) return false;
    const std::span<const std::string> roles =
        identity == nullptr ? std::span<const std::string>() : identity->roles;
    return links_.make(generation_, *client, access::readable(roles, services_.resources),
                       identity == nullptr ? std::nullopt : identity->expires, unix_now_);
}

void Gate::note_use(const access::Identity& identity) {
    std::int64_t& noted = noted_[identity.id];
    if (std::exchange(noted, unix_now_ / hour) != unix_now_ / hour) uses_.insert(identity.id);
}

// Nobody waits for it, and what is not written now is written in an hour.
void Gate::write_uses() {
    if (uses_.empty() || is_writing_uses_) return;
    is_writing_uses_ = true;
    push_([this, tokens = std::exchange(uses_, {})](Backend& backend) {
        const auto failed = failure_of([&]() -> std::optional<Error> {
            const auto written = backend.session.execute(
                fmt::format("INSERT INTO larder.token_uses (token, used) SELECT id, now() FROM"
                            " larder.tokens WHERE id IN ({}) ON CONFLICT (token) DO UPDATE SET"
                            " used = greatest(token_uses.used, excluded.used)",
                            fmt::join(tokens, ",")));
            return written ? std::nullopt : std::optional(written.error());
        });
        if (failed) log_debug("token_use_not_written", {{"error", failed->log}});
        const std::lock_guard lock(mutex_);
        uses_written_ = true;
    });
}

void Gate::wait(Connection& connection, Wait what) {
    auto& waiting = what == Wait::tokens ? tokens_.waiting : keys_.waiting;
    waiting.push_back(&connection);
}

void Gate::begin() {
    {
        const std::lock_guard lock(mutex_);
        if (std::exchange(uses_written_, false)) is_writing_uses_ = false;
    }
    write_uses();
    if (!keys_.waiting.empty() && !keys_.is_reading) {
        keys_.is_reading = true;
        keys_.boarded = std::exchange(keys_.waiting, {});
        push_([this](Backend&) {
            auto keys = std::make_shared<Keys>();
            const auto failed = failure_of([&]() -> std::optional<Error> {
                keys->generation = services_.access_generation.current();
                keys->file = access::read_key_file(services_.settings.auth_jwks);
                return std::nullopt;
            });
            if (failed) keys->file.keys = std::unexpected(failed->log);
            keys->read_at = Clock::now();
            land(keys_, std::shared_ptr<const Keys>(std::move(keys)));
        });
    }
    if (!tokens_.waiting.empty() && !tokens_.is_reading) {
        tokens_.is_reading = true;
        tokens_.boarded = std::exchange(tokens_.waiting, {});
        push_([this](Backend& backend) {
            auto tokens = std::make_shared<Tokens>();
            tokens->error = failure_of([&]() -> std::optional<Error> {
                auto read = access::load_tokens(backend.session, services_.access_generation);
                if (!read) return std::move(read.error());
                tokens->read = std::move(*read);
                return std::nullopt;
            });
            land(tokens_, std::shared_ptr<const Tokens>(std::move(tokens)));
        });
    }
}

template <class Read>
void Gate::land(Ground<Read>& ground, std::shared_ptr<const Read> read) {
    {
        const std::lock_guard lock(mutex_);
        ground.landed = std::move(read);
    }
    wake_();
}

/// What a store thread has read since; null: nothing.
template <class Read>
std::shared_ptr<const Read> Gate::landed(Ground<Read>& ground) {
    const std::lock_guard lock(mutex_);
    auto read = std::exchange(ground.landed, nullptr);
    if (read) ground.is_reading = false;
    return read;
}

std::vector<Gate::Resumed> Gate::collect() {
    std::vector<Resumed> resumed;
    land_keys(resumed);
    land_tokens(resumed);
    return resumed;
}

void Gate::land_keys(std::vector<Resumed>& resumed) {
    const auto landed = this->landed(keys_);
    if (!landed) return;
    if (!landed->file.keys) log_error("keys_not_read", {{"error", landed->file.keys.error()}});
    keys_.kept = landed->generation.empty() ? nullptr : landed;
    keys_.known.clear();
    for (Connection* one : std::exchange(keys_.boarded, {}))
        resumed.push_back({one, {.keys = landed}});
    for (Connection* one : std::exchange(keys_.waiting, {})) resumed.push_back({one, {}});
}

void Gate::land_tokens(std::vector<Resumed>& resumed) {
    auto landed = this->landed(tokens_);
    if (!landed) return;
    // In an outage what is kept is as right as before, while nobody has begun another generation.
    const bool is_kept_right =
        landed->error && tokens_.kept &&
        tokens_.kept->read.generation == services_.access_generation.current();
    if (is_kept_right) {
        landed = tokens_.kept;
        renew_at_ = Clock::now() + retry_interval;
    } else if (!landed->error &&
               (landed->read.may_keep || mutant == Mutant::access_lock_unchecked)) {
        tokens_.kept = landed;
        tokens_.known.clear();
        renew_at_ = Clock::now() + renew_interval;
    }
    for (Connection* one : std::exchange(tokens_.boarded, {})) {
        resumed.push_back({one, {.tokens = landed}});
    }
    if (landed != tokens_.kept) return;  // those that have come meanwhile wait for the next
    for (Connection* one : std::exchange(tokens_.waiting, {})) resumed.push_back({one, {}});
}

}  // namespace larder
