#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "../support/http.hpp"
#include "documents.hpp"
#include "history.hpp"

namespace larder::coherence {

enum class OnConflict : std::uint8_t { fail, skip, update };

/// What an answer may say of a row that did not fail.
enum class Fate : std::uint8_t {
    created,
    changed,
    skipped,
    refused,  ///< the row must fail
    known,    ///< depends on whether its key is known: not told by the row alone
};

struct ImportedRow {
    std::vector<Member> members = {};
    Operation write = {};  ///< what the row does, if it is taken
    Fate fate = Fate::created;
    bool lacks_parent = false;  ///< it was refused, because its parent is not there
};

/// The rows of one import, and how it is asked for.
struct ImportFile {
    Resource resource = Resource::products;
    OnConflict on_conflict = OnConflict::fail;
    bool is_by_employee_id = false;  ///< the key; else the id
    bool is_all = false;
    bool is_trial = false;
    bool is_csv = false;  ///< else NDJSON
    std::vector<ImportedRow> rows = {};

    [[nodiscard]] std::string path() const;
    [[nodiscard]] std::string content_type() const;
    /// Its lines, each with its end; of CSV the first is the header.
    [[nodiscard]] std::vector<std::string> lines() const;
    /// The number in the file of the row's line, as answers have it.
    [[nodiscard]] std::size_t line_of(std::size_t row) const { return row + (is_csv ? 2 : 1); }
};

/// Sets the outcomes of all rows from the answer. Gives what is wrong with the answer by itself;
/// empty: nothing. Without an answer, or if it does not tell, the outcome is unknown: of each
/// batch, or of all rows together.
std::string take_answer(ImportFile& file, const test::Response& response);

/// The same for an import whose client has hung up after this many rows: those behind were not
/// taken, and with `all` none.
void take_cut(ImportFile& file, std::size_t sent);

}  // namespace larder::coherence
