#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/resource.hpp"
#include "error.hpp"

namespace larder {

/// How a body is applied to a record.
enum class ChangeMode {
    create,       ///< POST: required fields must be there
    replace,      ///< PUT: the members sent replace those of the record
    merge_patch,  ///< PATCH: RFC 7396
};

/// A new value for a column; nothing means NULL.
struct Assignment {
    const Field* field;
    std::optional<std::string> value;
};

/// A validated request body. For a resource with fields, `assignments` in the order of the fields
/// (those that were not sent are missing, but for defaults of a new record); for a document,
/// `document` is the JSON text.
struct Change {
    ChangeMode mode = ChangeMode::create;
    std::vector<Assignment> assignments = {};
    std::string document = {};
    bool is_empty = false;  ///< nothing but `id` was sent

    /// The unique values that the body claims (contract: the duplicate check).
    std::vector<Assignment> claims() const;

    /// Whether the body has a unique field, be it to free its value (null).
    bool sends_unique_field() const;
};

/// Checks a body against the description of `resource`, which must outlive the result. Every
/// failed field is reported at once (contract: "Everywhere"). Pure; any thread.
Expected<Change> validate(const Resource& resource, ChangeMode mode, std::string_view body);

}  // namespace larder
