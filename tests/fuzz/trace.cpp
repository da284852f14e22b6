#include <algorithm>
#include <string>

#include "fuzz/target.hpp"
#include "http/trace_context.hpp"

using namespace larder;

namespace {

/// Whether `text` has the shape of `pattern`, in which x is a lower-case hex digit.
bool has_shape(std::string_view text, std::string_view pattern) {
    return std::ranges::equal(text, pattern, [](char c, char shape) {
        return shape == 'x' ? std::string_view("0123456789abcdef").contains(c) : c == shape;
    });
}

std::string zeros(std::size_t count) { return std::string(count, '0'); }

/// W3C Trace Context, section 3.2.2: version 00 ends after the flags, later ones may go on.
bool is_traceparent(std::string_view text) {
    constexpr std::string_view pattern = "xx-xxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx-xxxxxxxxxxxxxxxx-xx";
    const std::string_view known = text.substr(0, pattern.size());
    const std::string_view more = text.substr(known.size());
    return has_shape(known, pattern) && !known.starts_with("ff") &&
           known.substr(3, 32) != zeros(32) && known.substr(36, 16) != zeros(16) &&
           (more.empty() || (!known.starts_with("00") && more.starts_with('-')));
}

}  // namespace

FUZZ_TARGET(trace) {
    const auto parsed = http::parse_traceparent(input);
    MUST(parsed.has_value() == is_traceparent(input));
    if (!parsed) return;
    MUST(parsed->trace_id == input.substr(3, 32));
    MUST(parsed->parent_id == input.substr(36, 16));
}
