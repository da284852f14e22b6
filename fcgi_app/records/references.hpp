#pragma once

#include <span>

#include "catalog/change.hpp"
#include "error.hpp"
#include "records/backend.hpp"

namespace larder {

/// Which references of a change lead to no record. To be asked after PostgreSQL has refused the
/// change for a foreign key, whose message does not tell all of them. Fails with `unprocessable`
/// and a pointer for each that is unknown, or with `unavailable`; otherwise all are known now. For
/// store threads, outside a transaction.
Expected<void> check_references(Backend& backend, const Change& change);

/// The same for the records of an array: a pointer begins with the place of its record.
Expected<void> check_references_of_all(Backend& backend, std::span<const Change> changes);

}  // namespace larder
