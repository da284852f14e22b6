#pragma once

#include <expected>
#include <span>
#include <string>
#include <vector>

#include "admin/adopt.hpp"
#include "admin/read_tables.hpp"
#include "catalog/mistakes.hpp"
#include "catalog/resource.hpp"

namespace larder::admin {

/// The tables of a database that the operator has named: `film`, `sales.film`, `sales.*`. A name
/// without a schema is that of a table in `public`, or of the only one that has it. Fails with a
/// line for each name that leads to no table. Pure; any thread.
std::expected<std::vector<TableName>, std::vector<std::string>> chosen_tables(
    std::span<const TableName> all, std::span<const std::string> words);

/// Those that no resource has.
std::vector<TableName> undescribed(std::span<const TableName> all,
                                   std::span<const Resource> described);

/// What read_catalog gives; nothing where the directory has no description yet, or is not there.
std::expected<std::vector<Resource>, std::vector<Mistake>> described_so_far(
    const std::string& directory);

/// Writes a file for each description, `<directory>/<name>.toml`; none if one of them cannot be
/// written, or is there already. Fails with one line for the operator.
std::expected<void, std::string> write_descriptions(std::span<const Adopted> descriptions,
                                                    const std::string& directory);

/// What the operator is told of an adoption, a line for each: tables that were refused, and SQL
/// that is still to be run. `role`: that of the programs.
std::vector<std::string> notes_on(const Adoption& adoption, const std::string& role);

}  // namespace larder::admin
