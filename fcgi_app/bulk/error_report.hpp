#pragma once

#include <cstdio>
#include <memory>
#include <string>
#include <string_view>

#include "bulk/import_request.hpp"

namespace larder::bulk {

/// The rows that an import did not take, as a CSV file: `line,field,reason,original`, a line for
/// each reason. For one thread at a time.
class ErrorReport {
public:
    /// Takes over a descriptor that is open for writing.
    explicit ErrorReport(int descriptor);

    void add(const FailedRow& row);

    /// Whether all of it has been written.
    bool finish();

private:
    struct Close {
        void operator()(std::FILE* file) const { std::fclose(file); }
    };
    std::unique_ptr<std::FILE, Close> file_;
};

/// A cell of CSV (RFC 4180), with quotes where it needs them.
std::string csv_cell(std::string_view text);

}  // namespace larder::bulk
