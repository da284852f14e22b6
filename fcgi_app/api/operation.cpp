#include "api/operation.hpp"

#include <stdexcept>

#include "http/parameters.hpp"
#include "observe/log.hpp"

namespace larder {

namespace {

/// A lane that an operation names has its function; the scheduler calls no other.
[[noreturn]] void throw_missing() { throw std::logic_error("an operation lacks its lane's part"); }

}  // namespace

const Operation* Operation::for_stream(const http::Target&) const { return nullptr; }

Expected<void> Operation::choose_form(const http::Request&, Call&) const { return {}; }

std::vector<FieldError> Operation::take_parameters(const http::Target& target, Call&) const {
    if (target.query.empty()) return {};
    return http::check_parameters(target.query, endpoint_.parameters);
}

http::Response Operation::answer_now(const Call&, const Services&) const { throw_missing(); }

std::vector<std::string> Operation::cache_keys(const Call&) const { throw_missing(); }

std::optional<http::Response> Operation::answer_cached(const Call&,
                                                       std::span<std::optional<std::string>>,
                                                       const Services&) const {
    throw_missing();
}

Lane Operation::lane_after_cache(const Call&) const { return Lane::store; }

Sharing Operation::sharing(const Call&) const { throw_missing(); }

bool Operation::answer_group(Backend&, std::span<const Call>) const { throw_missing(); }

bool Operation::answer_alone(Backend& backend, const Call& call, std::chrono::milliseconds) const {
    return answer_group(backend, {&call, 1});
}

http::Response Operation::answer_probed(const Services&, Signs) const { throw_missing(); }

void Operation::answer_stream(Services&, const Call&, const std::function<bool()>&) const {
    throw_missing();
}

http::Response answer_error(const Error& error) {
    if (error.kind == ErrorKind::internal || !error.log.empty()) {
        log_error("request_failed", {{"detail", error.detail}, {"error", error.log}});
    }
    return http::problem(error);
}

}  // namespace larder
