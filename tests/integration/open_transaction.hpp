#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "fixture.hpp"

namespace larder::test {

/// A transaction that somebody has left open after one statement, with the locks that it took.
class OpenTransaction {
public:
    explicit OpenTransaction(const std::string& statement,
                             const std::vector<std::string>& values = {}, const Stack& in = stack())
        : database_(in.database()) {
        database_.query("BEGIN");
        database_.query(statement, values);
    }
    void release() { database_.query("ROLLBACK"); }
    /// One more statement in it, which may fail.
    void try_query(const std::string& statement) {
        try {
            database_.query(statement);
        } catch (const std::runtime_error&) {
        }
    }

private:
    Database database_;
};

}  // namespace larder::test
