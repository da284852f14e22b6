#pragma once

#include <cstdint>
#include <string_view>

namespace larder {

/// Whether the file systems of these directories (absolute paths, with colons between them) have
/// room for a file of so many bytes, for accounts without privileges. One that cannot be asked, on
/// another host for example, counts as one with room. Takes some microseconds; any thread.
bool has_room(std::string_view directories, std::uint64_t bytes);

}  // namespace larder
