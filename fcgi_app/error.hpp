#pragma once

#include <expected>
#include <string>
#include <vector>

namespace larder {

/// What went wrong, as far as an answer or a caller's decision depends on it. `not_found`,
/// `conflict` and `unavailable` are apart from the start: an outage never looks like an absence.
enum class ErrorKind {
    bad_request,
    not_found,
    method_not_allowed,
    conflict,
    precondition_failed,
    too_large,
    unsupported_media_type,
    unprocessable,
    unavailable,
    internal,
};

/// One member of a request body that was refused; `pointer` is an RFC 6901 JSON pointer.
struct FieldError {
    std::string pointer;
    std::string detail;
};

/// A failure as a value. `detail` is for the client, `log` is for the operator only.
/// `headers` holds complete header lines that the answer must carry (Allow, Accept-Patch).
struct Error {
    ErrorKind kind = ErrorKind::internal;
    std::string detail = {};
    std::string log = {};
    std::vector<FieldError> fields = {};
    std::string headers = {};
    bool is_locked = false;  ///< somebody else has locked what was to be changed, which was not
};

template <class T>
using Expected = std::expected<T, Error>;

inline std::unexpected<Error> fail(ErrorKind kind, std::string detail, std::string log = {}) {
    return std::unexpected(Error{.kind = kind, .detail = std::move(detail), .log = std::move(log)});
}

}  // namespace larder
