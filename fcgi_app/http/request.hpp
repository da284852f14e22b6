#pragma once

#include <cstdint>
#include <string>
#include <string_view>

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
    std::string_view if_none_match;
    std::string_view if_match;
    std::string_view accept;
    std::string_view id;               ///< nginx's, or made by the connection; empty: none so far
    std::string_view traceparent;      ///< see http/trace_context.hpp; not checked yet
    std::uint64_t content_length = 0;  ///< bytes
    bool body_too_large = false;       ///< nginx has refused to take the body
    bool for_list_cache = false;       ///< nginx may keep the answer, and tells where it came from
    std::string body;

    bool is_read() const {
        return method == Method::get || method == Method::head || method == Method::options;
    }
};

/// Whether a Content-Type names this media type; case and parameters do not matter (RFC 9110, 8.3).
bool is_media_type(std::string_view content_type, std::string_view expected);

}  // namespace larder::http
