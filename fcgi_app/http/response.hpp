#pragma once

#include <string>
#include <string_view>

#include "error.hpp"

namespace larder::http {

inline constexpr std::string_view json_type = "application/json";
inline constexpr std::string_view csv_type = "text/csv";
inline constexpr std::string_view ndjson_type = "application/x-ndjson";

/// The Cache-Control of records and lists (RFC 9111, section 5.2.2.4): a cache on the way may keep
/// them, but asks before it answers with them.
inline constexpr std::string_view not_without_asking = "no-cache";

/// An answer. `headers` holds complete lines, each ended by CRLF. An empty `content_type` means
/// that there is no body at all (204, 304).
struct Response {
    int status = 200;
    std::string_view content_type = json_type;
    std::string headers = {};
    std::string body = {};
    bool is_kept = false;  ///< nginx may answer others with it, so it bears no id of this request
    bool is_no_answer = false;  ///< nginx goes on by itself, and what it answers then is counted
};

/// The only place where a kind of error becomes a status and a text: problem details (RFC 9457),
/// with `errors` for refused fields and `Retry-After` where trying again makes sense.
Response problem(const Error& error);

/// Has nginx look for the target once more, in its files and its cache too (X-Accel-Redirect).
Response look_again(std::string_view target);

/// Adds one header line.
void add_header(Response& response, std::string_view name, std::string_view value);

/// The reason phrase that goes with a status (RFC 9110, section 15).
std::string_view reason(int status);

}  // namespace larder::http
