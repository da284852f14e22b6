#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "bulk/columns.hpp"
#include "bulk/import_request.hpp"
#include "error.hpp"

namespace larder::bulk {

/// Makes rows of the bytes of a file, in pieces of any size: reads CSV or NDJSON, and checks each
/// row against the description as the body of a POST is checked. Memory is bounded by the
/// request's `record_limit`. Pure; for one thread.
class RowReader {
public:
    /// Where the rows go, in the order of the file. False: no more are wanted.
    struct Sink {
        std::function<bool(ImportRow)> take;
        std::function<bool(FailedRow)> fail;
    };

    /// `request` outlives this.
    RowReader(const ImportRequest& request, Sink sink);
    ~RowReader();
    RowReader(const RowReader&) = delete;
    RowReader& operator=(const RowReader&) = delete;

    /// False: the reader takes no more, because a sink wants none, or `error` says why.
    bool read(std::string_view bytes);
    /// No more bytes come.
    bool end();

    /// Why the whole file is refused: it has no header line, or one with mistakes
    /// (`unprocessable`), or is no text in UTF-8 at all (`bad_request`).
    const std::optional<Error>& error() const { return error_; }

private:
    class Csv;
    class Ndjson;

    bool check_start(std::string_view bytes);

    const ImportRequest& request_;
    Sink sink_;
    std::optional<Error> error_;
    bool is_begun_ = false;
    std::unique_ptr<Csv> csv_;
    std::unique_ptr<Ndjson> ndjson_;
};

}  // namespace larder::bulk
