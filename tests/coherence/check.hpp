#pragma once

#include <string>
#include <vector>

#include "history.hpp"

namespace larder::coherence {

/// Which reads of records are looked at: those by a record's path, those in lists, or both
/// together. Writes always are.
enum class Scope { together, records, lists };

/// A proof that no order of the operations, each taking effect between its start and its end,
/// explains the answers.
struct Violation {
    std::string what;
    std::vector<Operation> proof;  ///< by start
};

/// Checks every record as a register whose values are written once (Gibbons and Korach), with
/// removal as a last write, and every employee ID as owned by one record at a time. The order of
/// `history` does not matter. Takes n log n steps.
std::vector<Violation> check(const History& history, Scope scope = Scope::together);

}  // namespace larder::coherence
