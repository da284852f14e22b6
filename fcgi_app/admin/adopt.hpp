#pragma once

#include <span>
#include <string>
#include <vector>

#include "admin/table.hpp"
#include "catalog/resource.hpp"

namespace larder::admin {

/// A description of a table that exists.
struct Adopted {
    std::string name;                     ///< of the resource, and of its file without `.toml`
    std::string text;                     ///< TOML that read_description takes
    std::vector<std::string> statements;  ///< SQL that the table needs, in this order
    bool is_own = true;                   ///< the role may run them
};

/// A table that cannot be described.
struct Unadopted {
    std::string table;  ///< as it was read, for a message
    std::string why;    ///< and what would do, as the end of a sentence
};

struct Adoption {
    std::vector<Adopted> adopted;
    std::vector<Unadopted> refused;
};

/// Describes tables (docs/describing.md, "Tables that exist"). No rule is stricter than the
/// database, but for digits after the decimal point, which numeric(p,s) would round in silence. A
/// column that a field cannot say is read only; what is left out is told in a comment. Foreign keys
/// become references where the other table is among `tables` or `described`. Pure; any thread.
Adoption adopt(std::span<const Table> tables, std::span<const Resource> described);

}  // namespace larder::admin
