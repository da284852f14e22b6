#pragma once

#include <atomic>
#include <condition_variable>
#include <cstddef>
#include <functional>
#include <mutex>
#include <optional>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "bulk/batch_writer.hpp"
#include "bulk/import_request.hpp"
#include "bulk/row_reader.hpp"
#include "error.hpp"
#include "records/services.hpp"

namespace larder::bulk {

/// What an import has done.
struct ImportResult {
    ImportCounts counts = {};
    std::vector<LineError> errors = {};  ///< the first `most_errors`, by line
    bool is_committed = true;            ///< false: nothing was written (`is_all`, or a trial)

    static constexpr std::size_t most_errors = 100;

    /// As an answer has it (contract, "Writing safely, and much at once").
    std::string json() const;
};

/// An import, from the bytes of a file to its result. The caller's thread reads rows, and a thread
/// of the import's own writes them in batches, with a Backend of its own. Where PostgreSQL is
/// slower than the file, `read` waits; so memory is bounded by some batches.
///
/// An import that is given up, by its destruction before `finish` has returned, ends after the
/// batch that is being written; with `is_all` nothing is written.
class Importer {
public:
    /// Called on the import's thread for each row that fails, by line.
    using Report = std::function<void(const FailedRow&)>;

    /// `services` outlive this.
    Importer(Services& services, ImportRequest request, Report report = {});
    ~Importer();
    Importer(const Importer&) = delete;
    Importer& operator=(const Importer&) = delete;

    /// False: the import cannot go on; `finish` tells why.
    bool read(std::string_view bytes);

    /// Ends the import for a reason that is not in the file: `finish` fails with it. Of a file that
    /// was cut off nobody knows whether its last row is whole, so it is not taken.
    void give_up(Error why);

    /// To be called once, at the end of the file or after `read` gave false. Fails with
    /// `unprocessable` or `bad_request` where the file is refused as a whole, and nothing was
    /// written; and with `unavailable` or `internal` where it was not written to its end: what the
    /// batches before have written stays, unless `is_all`, and the message says so.
    Expected<ImportResult> finish();

    /// What has become of the rows so far. Any thread.
    ImportCounts counts() const;

private:
    bool take(ImportRow row);
    bool fail(FailedRow row);
    bool hand_over();
    void work();
    ImportResult counted_so_far() const;
    void note(const BatchResult& result);
    void stop_with(Error error);
    Error with_what_stays(Error error) const;

    Services& services_;
    const ImportRequest request_;
    const Report report_;

    // The reader's thread.
    RowReader reader_;
    Batch filling_;
    std::size_t filled_ = 0;  // bytes

    mutable std::mutex mutex_;  // guards what follows
    std::condition_variable changed_;
    std::optional<Batch> waiting_;
    bool is_ended_ = false;  // no further batch comes
    bool is_given_up_ = false;
    std::optional<Error> error_;
    ImportResult result_;

    std::jthread writer_;  // last: it uses all the others
};

}  // namespace larder::bulk
