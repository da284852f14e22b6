#pragma once

#include <cstddef>
#include <expected>
#include <string>
#include <vector>

#include "catalog/mistakes.hpp"
#include "catalog/resource.hpp"

namespace larder {

inline constexpr std::size_t largest_description = 1048576;  ///< bytes of one file

/// Reads every description of a directory, `<name>.toml` for the resource `name`, in the order of
/// the names; hidden files and files with another ending are none. Fails with every mistake of all
/// files; a directory with no description is one. Larder starts with all of them or not at all.
/// Reads each file once; follows symbolic links; any thread.
std::expected<std::vector<Resource>, std::vector<Mistake>> read_catalog(
    const std::string& directory);

/// A hash of the names and texts of all descriptions of a directory, in hex digits; empty where one
/// cannot be read. For telling whether they have changed. Any thread.
std::string catalog_fingerprint(const std::string& directory);

}  // namespace larder
