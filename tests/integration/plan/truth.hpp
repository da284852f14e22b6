#pragma once

#include <map>
#include <string>

#include "described.hpp"
#include "support/database.hpp"
#include "support/http.hpp"
#include "support/json.hpp"

namespace larder::test {

/// What the rows of a described table are, read past the workers, and whether answers show them.
class Truth {
public:
    Truth(Database& database, std::string table);

    /// `id` as in a path. Checks GET of a record: its value as `described` shows it, or 404.
    void expect_record(const Client& client, const Described& described,
                       const std::string& id) const;

    /// Checks all records, and the list. A list may have been made by a worker of `other`, too.
    void expect_list(const Client& client, const Described& described,
                     const Described& other) const;
    void expect_all(const Client& client, const Described& described, const Described& other) const;

    /// By id.
    [[nodiscard]] const std::map<std::string, Json>& rows() const { return rows_; }

private:
    std::string table_;
    std::map<std::string, Json> rows_;
};

}  // namespace larder::test
