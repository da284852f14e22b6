#pragma once

#include <cstddef>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/change.hpp"
#include "catalog/resource.hpp"
#include "error.hpp"
#include "records/idempotency.hpp"

namespace larder::bulk {

enum class Format : unsigned char { csv, ndjson };

/// What becomes of a row whose key another record has.
enum class OnConflict : unsigned char {
    fail,    ///< the row fails
    skip,    ///< the record stays as it is
    update,  ///< the values given replace those of the record, as PUT does
};

/// What an import is asked for. The resources outlive it.
struct ImportRequest {
    /// Whether all batches share a transaction.
    bool is_one_transaction() const { return is_all || is_trial; }

    const Resource* resource = nullptr;
    std::span<const Resource> resources = {};  ///< all, for what is referred to
    Format format = Format::csv;
    OnConflict on_conflict = OnConflict::fail;
    const Field* key = nullptr;    ///< the unique field by which records are known; null: their id
    bool is_all = false;           ///< all rows or none
    bool is_trial = false;         ///< everything is done as it would be, and nothing is kept
    bool keeps_originals = false;  ///< of the rows that fail
    /// Of `is_all`: the key under which the answer is kept; null: none. Its fingerprint is that of
    /// the whole request from Importer::finish on.
    const IdempotencyKey* once = nullptr;
    /// Bytes of a line of NDJSON, or a record of CSV, also once its numbers are written out: what
    /// was exported can be as large as a record can get.
    std::size_t record_limit = 1048576;
};

/// What is chosen as text, by parameters or options; empty or missing: the default.
struct ImportChoices {
    std::string on_conflict = {};  ///< `fail`, `skip` or `update`
    std::string key = {};          ///< a unique field, or `id`
};

/// Takes the choices into `request`, which has its resource. Gives what is wrong with them, by the
/// names `on_conflict` and `key`. Pure.
std::vector<FieldError> take_choices(const ImportChoices& choices, ImportRequest& request);

/// A reference that is given by a unique field of the record that it leads to.
struct ReferenceByValue {
    const Field* field = nullptr;  ///< the reference
    const Field* by = nullptr;     ///< of the resource that it refers to
    std::string value = {};        ///< as stored_text gives it
};

/// A row that fits the description. For `update` the change is one of an existing record; else it
/// is that of a new one.
struct ImportRow {
    const Change& current() const { return as_new ? *as_new : change; }

    std::uint64_t line = 0;
    std::string original = {};  ///< empty where it is not kept
    std::optional<std::string> id = {};
    Change change = {};
    std::optional<Change> as_new = {};  ///< `change` with what a new record needs, where it is one
    std::vector<ReferenceByValue> references = {};
    std::size_t size = 0;  ///< bytes of its text
};

/// A row that was not taken, and why.
struct FailedRow {
    std::uint64_t line = 0;
    std::string original = {};
    std::vector<FieldError> errors = {};
};

/// What has become of the rows.
struct ImportCounts {
    std::uint64_t created = 0;
    std::uint64_t changed = 0;
    std::uint64_t skipped = 0;
    std::uint64_t failed = 0;

    std::uint64_t all() const { return created + changed + skipped + failed; }
    void add(const ImportCounts& others);
};

/// One of the errors of an import, as an answer and a report name it.
struct LineError {
    std::uint64_t line = 0;
    FieldError error = {};
};

}  // namespace larder::bulk
