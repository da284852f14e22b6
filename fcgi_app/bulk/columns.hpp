#pragma once

#include <expected>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "bulk/import_request.hpp"
#include "error.hpp"

namespace larder::bulk {

/// What a column of a CSV file, or a member of a line of NDJSON, gives.
struct Column {
    bool is_id = false;
    const Field* field = nullptr;  ///< null for the id
    const Field* by = nullptr;  ///< not null: the field, a reference, is given by this one's value

    bool is_ignored() const { return !is_id && field->read_only; }
};

/// By its name: `id`, a field, or `<reference>.<unique field of what it refers to>`. Fails with the
/// reason, as the end of a sentence about the name. Pure; any thread.
std::expected<Column, std::string> column_of(const ImportRequest& request, std::string_view name);

/// The columns of the names in a header line. Every mistake is named: names that are not known or
/// come twice, required fields that have no column, and a key that has none. Pure; any thread.
std::expected<std::vector<Column>, std::vector<FieldError>> columns_of(
    const ImportRequest& request, std::span<const std::string_view> names);

/// The name by which a field is known in messages, as a JSON pointer.
std::string pointer_of(const Column& column);

}  // namespace larder::bulk
