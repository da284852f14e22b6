#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "error.hpp"

namespace larder::http {

/// A request target (RFC 9112, section 3.2.1) taken apart. Segments are percent-decoded one by one,
/// so that an encoded slash stays inside its segment. `/` has no segments; a slash at the end makes
/// an empty last one. `query` is still encoded.
struct Target {
    std::vector<std::string> segments;
    std::string_view query;

    /// The first value of a query parameter, form-decoded (`+` is a space); nothing: not there.
    std::optional<std::string> parameter(std::string_view name) const;
};

/// Fails with `bad_request` where the decoded path is no UTF-8. The result refers to `text`.
Expected<Target> parse_target(std::string_view text);

}  // namespace larder::http
