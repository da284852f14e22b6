#include "http/trace_context.hpp"

#include <algorithm>
#include <cstddef>

namespace larder::http {

namespace {

constexpr std::size_t version_00_length = 55;

bool is_hex(std::string_view text) {
    return std::ranges::all_of(
        text, [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); });
}

bool is_all_zeros(std::string_view text) { return text.find_first_not_of('0') == text.npos; }

}  // namespace

std::optional<TraceContext> parse_traceparent(std::string_view header) {
    if (header.size() < version_00_length) return std::nullopt;
    const auto version = header.substr(0, 2);
    const auto trace_id = header.substr(3, 32);
    const auto parent_id = header.substr(36, 16);
    const auto flags = header.substr(53, 2);
    if (header[2] != '-' || header[35] != '-' || header[52] != '-') return std::nullopt;
    if (!is_hex(version) || !is_hex(trace_id) || !is_hex(parent_id) || !is_hex(flags)) {
        return std::nullopt;
    }
    // Later versions may add to what this one has; ff is none.
    const std::string_view rest = header.substr(version_00_length);
    if (version == "ff" || (version == "00" && !rest.empty())) return std::nullopt;
    if (!rest.empty() && rest.front() != '-') return std::nullopt;
    if (is_all_zeros(trace_id) || is_all_zeros(parent_id)) return std::nullopt;
    return TraceContext{.trace_id = trace_id, .parent_id = parent_id};
}

}  // namespace larder::http
