#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace larder::http {

/// A request target (RFC 9112, section 3.2.1) taken apart. Segments are percent-decoded one by one,
/// so that an encoded slash stays inside its segment. `/` has no segments; a slash at the end makes
/// an empty last one. `query` is still encoded.
struct Target {
    std::vector<std::string> segments;
    std::string_view query;
    bool is_text = true;  ///< the decoded segments are UTF-8 without NUL

    /// The first value of a query parameter, form-decoded (`+` is a space); nothing: not there.
    std::optional<std::string> parameter(std::string_view name) const;
};

/// The result refers to `text`.
Target parse_target(std::string_view text);

}  // namespace larder::http
