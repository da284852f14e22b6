#pragma once

#include <optional>
#include <string_view>

namespace larder::http {

/// A position in a distributed trace, as the header traceparent names it (W3C Trace Context,
/// section 3.2). The views point into the header.
struct TraceContext {
    std::string_view trace_id;   ///< 32 lower-case hex digits
    std::string_view parent_id;  ///< 16 lower-case hex digits: the client's span
};

/// Nothing where the header is not well-formed, as the recommendation asks. Pure; any thread.
std::optional<TraceContext> parse_traceparent(std::string_view header);

}  // namespace larder::http
