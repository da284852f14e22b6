#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string_view>

namespace larder::http {

/// Which of `types` an Accept header prefers (RFC 9110, section 12.5.1): the one with the highest
/// weight; of several, the one that the most specific range names; of several, the first. Nothing:
/// the client takes none of them. A range whose weight is malformed is left out, and parameters but
/// the weight do not matter. Pure; any thread.
std::optional<std::size_t> preferred(std::string_view accept,
                                     std::span<const std::string_view> types);

}  // namespace larder::http
