#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "admin/table.hpp"
#include "catalog/resource.hpp"

namespace larder::admin {

/// What a database lacks for the descriptions of the resources, as steps. Old and new workers run
/// side by side while a change of descriptions goes live, so there are two phases: what both can
/// live with comes before the restart, what only the new ones can live with comes after it.

enum class Phase {
    expand,    ///< deployed before the workers are restarted
    contract,  ///< deployed after it
};

/// Rows that stand in the way of a step.
struct Violators {
    std::string words;  ///< what is wrong with them: `have no value of invoices.total`
    std::string sql;    ///< (id, number of all of them) of the first 10, by id
};

/// One change of the database. Its SQL can be run again after it was interrupted anywhere, and is
/// for a session outside a transaction: some statements cannot be run in one.
struct Step {
    Phase phase = Phase::expand;
    std::string subject = {};  ///< a table, `invoices`, or a column, `invoices.total`
    std::string words = {};    ///< what is done, one line
    std::string cost = {};     ///< what it locks, what it reads and for how long
    std::string deploy = {};
    std::string revert = {};
    std::string verify = {};  ///< an SQL condition that holds after `deploy`; empty: none
    bool is_lossy = false;    ///< values are gone afterwards
    std::optional<Violators> violators = {};
};

struct Plan {
    std::vector<Step> steps = {};            ///< in the order in which they are to be done
    std::vector<std::string> problems = {};  ///< what Larder cannot do, and what to do instead
    std::vector<std::string> notes = {};     ///< what is left as it is

    bool has(Phase phase) const;
};

/// What may be dropped, as named on the command line: `table` or `table.column`.
using Drops = std::vector<std::string>;

/// Compares descriptions with what the database has now. `tables` are all tables of the schemas
/// that the resources are in. Pure; any thread.
Plan make_plan(std::span<const Resource> resources, std::span<const Table> tables,
               const Drops& drops);

}  // namespace larder::admin
