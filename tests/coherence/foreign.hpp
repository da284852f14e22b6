#pragma once

#include <filesystem>
#include <memory>
#include <random>
#include <string>

#include "../support/database.hpp"
#include "disturbances.hpp"
#include "hot_records.hpp"
#include "recorder.hpp"

namespace larder::coherence {

/// Writes the hot records past the workers, with SQL, and records what it wrote. For one thread.
class ForeignWriter {
public:
    /// All that is handed in must outlive the writer. `directory`: for files that COPY reads.
    ForeignWriter(std::string database_url, std::filesystem::path directory, RecordTable& records,
                  Recorder& recorder, HotRecords& hot, Disturbances& disturbances);

    /// One UPDATE, committed after a pause within its transaction.
    void update(std::mt19937_64& random);
    void remove(std::mt19937_64& random);
    /// New items, with COPY.
    void copy(std::mt19937_64& random);
    /// Of a table that the server does not serve.
    void truncate_side_table();

private:
    /// Runs an operation on one record; `statements` answers how many rows it changed. Whether it
    /// surely changed one.
    template <class Statements>
    bool record(Operation operation, Statements statements);
    test::Database& database();

    std::string database_url_;
    std::filesystem::path directory_;
    RecordTable& records_;
    Recorder& recorder_;
    HotRecords& hot_;
    Disturbances& disturbances_;
    Recorder::Log& log_;
    std::unique_ptr<test::Database> connection_;
};

/// The statement that gives the record with ID $1 the document $2, and returns its ID.
std::string update_statement(Resource resource);

}  // namespace larder::coherence
