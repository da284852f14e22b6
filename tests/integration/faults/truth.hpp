#pragma once

#include <map>
#include <string>
#include <string_view>

#include "fixture.hpp"

namespace larder::test {

/// What the database holds, read with SQL past the workers: records by the path of each, and lists
/// by theirs, as the contract has them.
struct Truth {
    std::map<std::string, Json> records;
    std::map<std::string, Json> lists;

    /// Missing: there is no such record.
    [[nodiscard]] const Json& record(const std::string& path) const;
    /// Whether an employee has this employee_id.
    [[nodiscard]] bool has_claim(const std::string& employee_id) const;
};

Truth read_truth(Database& database);

/// What an answer to a GET of a record or list shows, without the envelope of items.
Json shown(const std::string& path, const Response& response);

/// Checks that the workers and nginx show exactly this, of these records and of all lists, cached
/// or not: each is read twice.
void expect_shown(const Truth& truth, const std::vector<std::string>& paths);

/// Checks that a value can be claimed if the database does not have it, and else is refused.
void expect_claimable(const Truth& truth, const std::string& employee_id);

/// Removes all records, by the workers.
void remove_all(const Truth& truth);

}  // namespace larder::test
