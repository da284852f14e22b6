#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

#include "error.hpp"

namespace larder::http {

/// The content type that PATCH takes (RFC 7396).
inline constexpr std::string_view merge_patch_type = "application/merge-patch+json";

enum class Method { get, head, options, post, put, patch, remove, other };

Method method_from(std::string_view name);
std::string_view name_of(Method method);  ///< `other` for every method that Larder does not know

/// What nginx handed over of one request. The views point into the connection's parameters and
/// live as long as the request does.
struct Request {
    Method method = Method::other;
    std::string_view target;  ///< as sent: path and query, percent-encoded
    std::string_view content_type;
    std::string_view content_encoding;
    std::optional<std::string_view> if_none_match;  ///< nothing: not sent; for a read also if empty
    std::optional<std::string_view> if_match;       ///< of a write; nothing: not sent
    /// Of a write; nothing: not sent. Empty also where it came more than once.
    std::optional<std::string_view> idempotency_key;
    std::string_view origin;  ///< of a write, like the two below
    std::string_view sec_fetch_site;
    std::string_view host;
    bool is_origin_allowed = false;  ///< the operator lets pages of this origin write
    bool may_read_metrics =
        false;  ///< the client is one that METRICS_ALLOW names, as nginx sees it
    std::string_view accept;
    std::string_view authorization;  ///< the header; holds a secret
    std::string_view id;             ///< nginx's, or made by the connection; empty: none so far
    std::string_view disks;  ///< of nginx's temporary files and cache, see server/disk_room.hpp
    std::string_view traceparent;      ///< see http/trace_context.hpp; not checked yet
    std::uint64_t content_length = 0;  ///< bytes
    bool body_too_large = false;       ///< nginx has refused to take the body
    bool is_stream = false;  ///< the body is of any length and not here (Connection::read_body)
    bool for_list_cache = false;  ///< nginx may keep the answer, and tells where it came from
    bool is_first_look = false;   ///< nginx has found no link of the token, and may look again
    /// The value under whose tag nginx keeps it, as `.field=value` (catalog/tags.hpp); empty: under
    /// that of the list, or of the collection.
    std::string_view list_tag;
    std::string body;
    std::string user;  ///< the name of who asks, for the log; empty: not known
    /// Whose Idempotency-Keys those of a write are, apart from all others'; empty: of all whose
    /// token was not looked at.
    std::string key_owner;

    bool is_read() const {
        return method == Method::get || method == Method::head || method == Method::options;
    }
};

/// Whether a Content-Type names this media type; case and parameters do not matter (RFC 9110, 8.3).
bool is_media_type(std::string_view content_type, std::string_view expected);

/// Refuses a body whose Content-Encoding (RFC 9110, section 8.4) is another than `identity`, as
/// `unsupported_media_type` with Accept-Encoding. Empty: not sent. Pure; any thread.
Expected<void> check_content_encoding(std::string_view content_encoding);

}  // namespace larder::http
