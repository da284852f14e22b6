#pragma once

#include <expected>
#include <optional>
#include <string>
#include <vector>

namespace larder {

/// What went wrong, as far as an answer or a caller's decision depends on it. `not_found`,
/// `conflict` and `unavailable` are apart from the start: an outage never looks like an absence.
enum class ErrorKind {
    bad_request,
    unauthorized,  ///< no token, or one that is not valid
    forbidden,
    not_found,
    method_not_allowed,
    not_acceptable,  ///< the one form that the client takes cannot be had
    conflict,
    precondition_failed,
    too_large,
    unsupported_media_type,
    unprocessable,
    unavailable,
    internal,
};

/// One part of a request that was refused: a member of the body, or a query parameter.
struct FieldError {
    std::string pointer;  ///< an RFC 6901 JSON pointer into the body
    std::string detail;
    std::optional<std::string> parameter =
        {};  ///< the name of the query parameter; `pointer` is empty
};

/// A failure as a value. `detail` is for the client, `log` is for the operator only.
/// `headers` holds complete header lines that the answer must carry (Allow, Accept-Patch,
/// Accept-Encoding, WWW-Authenticate).
struct Error {
    ErrorKind kind = ErrorKind::internal;
    std::string detail = {};
    std::string log = {};
    std::vector<FieldError> fields = {};
    std::string headers = {};
    bool is_locked = false;           ///< `unavailable`, for another transaction holds a lock
    bool breaks_reference = false;    ///< `unprocessable`, for a foreign key refused it
    bool is_outcome_unknown = false;  ///< a COMMIT was lost: it may have been done or not
    bool is_timed_out = false;        ///< `unavailable`, for a statement took longer than it may
};

template <class T>
using Expected = std::expected<T, Error>;

inline std::unexpected<Error> fail(ErrorKind kind, std::string detail, std::string log = {}) {
    return std::unexpected(Error{.kind = kind, .detail = std::move(detail), .log = std::move(log)});
}

/// A lock of another transaction was not released in time.
inline Error locked_by_another(std::string log = {}) {
    return {.kind = ErrorKind::unavailable,
            .detail = "Another transaction has locked this record.",
            .log = std::move(log),
            .is_locked = true};
}

}  // namespace larder
