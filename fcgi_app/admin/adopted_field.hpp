#pragma once

#include <optional>
#include <string>
#include <vector>

#include "admin/table.hpp"

namespace larder::admin {

/// A column as a line of `[fields]`.
struct AdoptedField {
    std::string name;
    std::string line;                   ///< `name = { … }`
    std::vector<std::string> comments;  ///< lines before it: what it leaves out, with no `#`
    bool is_unique = false;
    bool blocks_creation = false;  ///< a new record needs a value, which no client can send
};

/// What a foreign key makes of a column.
struct AdoptedReference {
    std::string to;  ///< the resource
    OnDelete on_delete = OnDelete::no_action;
};

/// `name` is that of the field. Pure; any thread.
AdoptedField adopted_field(const Table& table, const Column& column, std::string name,
                           const std::optional<AdoptedReference>& reference);

}  // namespace larder::admin
