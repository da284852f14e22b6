#pragma once

#include <chrono>
#include <cstddef>
#include <functional>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/change.hpp"
#include "catalog/resource.hpp"
#include "error.hpp"
#include "http/conditional.hpp"
#include "http/request.hpp"
#include "http/response.hpp"
#include "http/target.hpp"
#include "openapi/operation.hpp"
#include "records/backend.hpp"
#include "records/idempotency.hpp"
#include "server/connection.hpp"
#include "server/store_threads.hpp"

namespace larder {

class Operation;
namespace bulk {
struct ImportRequest;
}
namespace query {
struct Query;
}

/// A request that has passed every check that needs no store: what is to be done, and with what.
struct Call {
    const Operation* operation = nullptr;
    std::string argument = {};  ///< of the path: a canonical record id, or whom to greet
    std::shared_ptr<const query::Query> query = {};  ///< of a list
    http::Preconditions preconditions = {};  ///< of change and remove; refers to the request
    Change change = {};                      ///< of create and change
    /// Of a create whose body is an array, `change` is not used then; else empty.
    std::vector<Change> new_records = {};
    std::optional<IdempotencyKey> idempotency = {};    ///< of a write that was sent with a key
    std::shared_ptr<bulk::ImportRequest> import = {};  ///< of an import
    Connection* connection = nullptr;

    const http::Request& request() const { return connection->request(); }
};

/// How an operation is served. The scheduler knows lanes and no operation.
enum class Lane {
    now,      ///< on the loop, at once
    cached,   ///< on the loop, with the batch's one MGET; what that leaves goes on as `grouped` or
              ///< `store`
    grouped,  ///< on a store thread, with others that share a transaction or a SELECT
    store,    ///< on a store thread, alone
    probe,    ///< on the thread of the database watch, whatever the store threads do
    stream,   ///< on a thread of its own, which reads the body at the pace of the client
};

/// Where an operation is found, and what it takes.
struct Endpoint {
    std::string path;  ///< `/employees`, `/employees/{id}`: at most two segments, one argument
    http::Method method = http::Method::get;  ///< GET includes HEAD
    const Resource* resource = nullptr;  ///< whose id the argument is; null: the argument is text
    std::vector<std::string_view> parameters = {};  ///< of the query
    std::optional<ChangeMode> body = {};            ///< nothing: it takes no body
    bool is_stream = false;    ///< it takes a body that is a stream, of any length
    bool changes_too = false;  ///< whoever may create must be allowed to change as well

    // Who may, with AUTH=on (api/gate.hpp). Of a resource, its description says that. Else:
    bool is_open = false;        ///< no token is needed; if not, the role `admin`,
    std::string_view role = {};  ///< or this one
};

/// Which calls may share their work, and how.
struct Sharing {
    std::string key;  ///< calls of the same key share
    std::size_t largest_group = 1;
    JobKind kind = JobKind::brief;
    bool is_single_flight = false;  ///< a call with the cache key of one at work waits, and looks
                                    ///< into the cache again
};

/// One operation of the interface: where it is, how it is served, and how it is described. Adding
/// one is adding one file with a class of this kind, and its line in operations.cpp. Immutable
/// after start; any thread.
class Operation {
public:
    explicit Operation(Endpoint endpoint) : endpoint_(std::move(endpoint)) {}
    virtual ~Operation() = default;
    Operation(const Operation&) = delete;
    Operation& operator=(const Operation&) = delete;

    const Endpoint& endpoint() const { return endpoint_; }

    /// The operation that takes its place where nginx hands over the body as a stream; null: none.
    virtual const Operation* for_stream(const http::Target& target) const;

    /// Chooses the form of the answer by what the client accepts, before the parameters are taken.
    /// By itself, there is no choice.
    virtual Expected<void> choose_form(const http::Request& request, Call& call) const;

    /// Takes what it needs of the query. Gives what is wrong with it: by itself, that it has other
    /// parameters than those of the endpoint, each at most once (http/parameters.hpp).
    virtual std::vector<FieldError> take_parameters(const http::Target& target, Call& call) const;

    /// Whether a repetition of its call by the Idempotency-Key gets the same answer. One that does
    /// not takes no key (400): none is ignored in silence.
    virtual bool takes_idempotency_key() const { return false; }

    virtual Lane lane(const Call& call) const = 0;

    // One of these for each lane that `lane` names.

    /// `now`.
    virtual http::Response answer_now(const Call& call, const Services& services) const;

    /// `cached`: the entries that are looked up, and the answer that their values give. Nothing:
    /// the call goes on in the lane `lane_after_cache`.
    virtual std::vector<std::string> cache_keys(const Call& call) const;
    virtual std::optional<http::Response> answer_cached(
        const Call& call, std::span<std::optional<std::string>> values,
        const Services& services) const;
    virtual Lane lane_after_cache(const Call& call) const;

    /// `grouped`. False: nothing was changed or answered, and each is to be tried alone.
    virtual Sharing sharing(const Call& call) const;
    virtual bool answer_group(Backend& backend, std::span<const Call> calls) const;

    /// `store`, and what is left of a group. Waits at most `lock_wait` for a row that somebody else
    /// has locked. False: it is still locked, and nothing was changed or answered.
    virtual bool answer_alone(Backend& backend, const Call& call,
                              std::chrono::milliseconds lock_wait) const;

    /// `probe`: which stores have given a sign of life.
    struct Signs {
        bool database = false;
        bool redis = false;
    };
    virtual http::Response answer_probed(const Services& services, Signs signs) const;

    /// `stream`: reads the body, and answers. It comes to an end where `goes_on` says no.
    virtual void answer_stream(Services& services, const Call& call,
                               const std::function<bool()>& goes_on) const;

    /// What it looks like from outside.
    virtual openapi::OperationObject describe() const = 0;

private:
    const Endpoint endpoint_;
};

using Operations = std::vector<std::unique_ptr<const Operation>>;

/// Every operation of the interface, in the order of its description. `resources` must outlive it.
Operations all_operations(std::span<const Resource> resources);

/// An answer for an error; what the client must not see goes to the log. Any thread.
http::Response answer_error(const Error& error);

}  // namespace larder
