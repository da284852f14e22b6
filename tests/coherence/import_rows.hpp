#pragma once

#include <random>

#include "hot_records.hpp"
#include "import_file.hpp"
#include "recorder.hpp"

namespace larder::coherence {

/// Makes up imports. For one thread.
class ImportRows {
public:
    /// All that is handed in must outlive this.
    ImportRows(RecordTable& records, Recorder& recorder, HotRecords& hot, std::mt19937_64& random)
        : records_(records), recorder_(recorder), hot_(hot), random_(random) {}

    /// The next import; without rows if there is no record to which they could refer.
    ImportFile next();

private:
    unsigned below(unsigned bound) {
        return std::uniform_int_distribution<unsigned>(0, bound - 1)(random_);
    }
    unsigned some_size(Resource resource);
    void add_changes(ImportFile& file);
    void add_new(ImportFile& file, RecordNumber parent);
    void repeat_last(ImportFile& file);
    void add_employees(ImportFile& file);

    RecordTable& records_;
    Recorder& recorder_;
    HotRecords& hot_;
    std::mt19937_64& random_;
    unsigned next_employee_id_ = 0;
};

}  // namespace larder::coherence
