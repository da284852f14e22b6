#pragma once

#include <memory>

#include "api/operation.hpp"

namespace larder {

/// POST of a collection with CSV or NDJSON, which nginx hands over as a stream. `changes_too`: with
/// `on_conflict=update`, which another right is needed for. It belongs to the operation of POST.
std::unique_ptr<Operation> make_import(const Resource& resource, bool changes_too);

}  // namespace larder
