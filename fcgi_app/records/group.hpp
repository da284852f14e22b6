#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/change.hpp"
#include "error.hpp"
#include "records/backend.hpp"
#include "records/write.hpp"

namespace larder {

/// Group commit: writes to one collection that came at the same time share a transaction, and so
/// its fence, its swap of the lists' generation and its flush to disk.

inline constexpr std::size_t largest_write_group = 32;

/// A write in a group; what it refers to outlives the call.
struct GroupedWrite {
    WriteKind kind;
    const std::string& id;  ///< empty: a new record
    const Change& change;
    const Once* once = nullptr;  ///< null: it has no Idempotency-Key
};

/// Whether a write can be in a group: without preconditions, without unique values, which may have
/// to wait for another transaction or to be refused, and without records that are removed or
/// changed with it.
bool can_be_grouped(const Resource& resource, WriteKind kind, const Change& change,
                    const http::Preconditions& preconditions);

/// Makes the changes in one transaction, those of one record in their order. Gives of each the
/// record (without `json` if it was removed), `not_found`, or, of all, a failed COMMIT. A write
/// whose answer is kept takes no part, nor does one whose key is in use, be it in this group. Gives
/// nothing where nothing was changed because PostgreSQL refuses one of them, or a record would get
/// too large, or one would have to wait for a row that somebody else has locked: then each is to be
/// tried on its own.
std::optional<std::vector<Expected<WrittenRecord>>> write_group(
    Backend& backend, const Collection& collection, std::span<const GroupedWrite> writes);

}  // namespace larder
