#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <set>
#include <string>
#include <string_view>
#include <unordered_map>
#include <vector>

#include "access/identity.hpp"
#include "access/key_set.hpp"
#include "access/links.hpp"
#include "access/load_tokens.hpp"
#include "api/operation.hpp"
#include "error.hpp"
#include "http/request.hpp"
#include "records/backend.hpp"
#include "server/connection.hpp"

namespace larder {

/// The token of an Authorization header (RFC 6750, section 2.1), which may be anything. Nothing: it
/// has another scheme than Bearer, or was not sent. Pure; any thread.
std::optional<std::string_view> bearer_token(std::string_view authorization);

/// Decides, with AUTH=on, which requests go on to their operation. A verdict rests on what was read
/// under a generation of access (access/generation.hpp): the table of tokens, and the key file.
/// Both are kept in memory, and the link is looked at for every batch of requests, after they have
/// come. If the generation is another one, the request waits until all of it is read anew, on a
/// store thread, once for all that wait. So no verdict is older than the request. An outage of
/// PostgreSQL is 503 for what cannot be known, and nothing for what is known.
///
/// For the loop thread.
class Gate {
public:
    using Job = std::function<void(Backend&)>;

    /// `push` has a store thread do a job; `wake` has the loop call `collect`, from any thread.
    /// `services` must outlive the store threads.
    Gate(Services& services, std::function<void(Job)> push, std::function<void()> wake);

    enum class Wait : unsigned char { none, tokens, keys };

    struct Decision {
        Wait wait = Wait::none;             ///< the request is to be handed to `wait`
        std::optional<Error> refusal = {};  ///< 401, 403 or 503
        std::string user = {};              ///< whose token it is, for the log
        std::string key_owner = {};         ///< of a write: whose Idempotency-Keys it may have
        /// nginx had found no link of the token, and now there is one: it may have the list.
        bool may_be_kept_by_now = false;
    };

    struct Tokens {
        access::LoadedTokens read;
        std::optional<Error> error;  ///< then nothing was read
    };
    struct Keys {
        std::string generation;  ///< the present one before the file was read
        access::KeyFile file;
        std::chrono::steady_clock::time_point read_at;
    };

    /// What was read for a request that has waited: its verdict may rest on it, whatever is the
    /// present generation.
    struct Fresh {
        std::shared_ptr<const Tokens> tokens = {};
        std::shared_ptr<const Keys> keys = {};
    };

    /// Looks at the link and at the clocks, for all requests that have come by now.
    void look();

    /// For a request that had come before the last `look`.
    Decision decide(const http::Request& request, const Endpoint& endpoint, const Fresh& fresh);

    /// The connection is lent until `collect` gives it back.
    void wait(Connection& connection, Wait what);

    /// Begins to read what is waited for. To be called at the end of a batch.
    void begin();

    struct Resumed {
        Connection* connection;
        Fresh fresh;
    };
    /// Those whose waiting has ended; `decide` is to be asked again.
    std::vector<Resumed> collect();

private:
    using Clock = std::chrono::steady_clock;

    struct TextHash {
        using is_transparent = void;
        std::size_t operator()(std::string_view text) const {
            return std::hash<std::string_view>()(text);
        }
    };
    struct Judged {
        access::Identity identity;
        std::int64_t noted_hour = 0;  // of its last use
    };
    using Known = std::unordered_map<std::string, Judged, TextHash, std::equal_to<>>;  // by token

    template <class Read>
    struct Ground {
        std::shared_ptr<const Read> kept = {};  // of the present generation, or a former one
        Known known = {};                       // verdicts that rest on it
        std::vector<Connection*> waiting = {};  // came after the read at work has begun
        std::vector<Connection*> boarded = {};  // it is for these
        bool is_reading = false;
        std::shared_ptr<const Read> landed = {};  // guarded by mutex_
    };

    const Tokens* present_tokens() const;
    const Keys* present_keys() const;
    Decision decide_own(std::string_view token, const http::Request& request,
                        const Endpoint& endpoint, const Fresh& fresh);
    Decision decide_jwt(std::string_view token, const http::Request& request,
                        const Endpoint& endpoint, const Fresh& fresh);
    Decision grant(const access::Identity& identity, const http::Request& request,
                   const Endpoint& endpoint);
    Decision grant_and_let(std::string_view token, const access::Identity& identity,
                           const http::Request& request, const Endpoint& endpoint);
    bool let_nginx(std::string_view token, const access::Identity* identity);
    void note_use(const access::Identity& identity);
    void write_uses();
    void land_tokens(std::vector<Resumed>& resumed);
    void land_keys(std::vector<Resumed>& resumed);
    template <class Read>
    void land(Ground<Read>& ground, std::shared_ptr<const Read> read);
    template <class Read>
    std::shared_ptr<const Read> landed(Ground<Read>& ground);

    Services& services_;
    const std::function<void(Job)> push_;
    const std::function<void()> wake_;
    access::Links links_;
    Ground<Tokens> tokens_;
    Ground<Keys> keys_;
    std::string generation_;  // the present one, at the last look
    Clock::time_point now_{};
    std::int64_t unix_now_ = 0;     // seconds
    Clock::time_point renew_at_{};  // then the tokens are read anew, whatever the generation is
    std::unordered_map<std::string, std::int64_t> noted_;  // by token, the hour of its last use
    std::set<std::string> uses_;                           // to be written
    bool is_writing_uses_ = false;
    std::mutex mutex_;  // guards what has landed, and the following
    bool uses_written_ = false;
};

}  // namespace larder
