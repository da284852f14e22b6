#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/resource.hpp"
#include "error.hpp"
#include "json/document.hpp"

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

    /// What it gives a field; null: nothing.
    const std::optional<std::string>* value_of(const Field& field) const;

    /// The unique values that the body claims (contract: the duplicate check).
    std::vector<Assignment> claims() const;

    /// Whether the body has a unique field, be it to free its value (null).
    bool sends_unique_field() const;
};

/// Checks a body against the description of `resource`, which must outlive the result. Every
/// failed field is reported at once (contract: "Everywhere"). Pure; any thread.
Expected<Change> validate(const Resource& resource, ChangeMode mode, std::string_view body);

/// So many records one request may create.
inline constexpr std::size_t most_new_records = 1000;

/// Whether a body that may be no JSON at all begins as an array does.
bool begins_array(std::string_view body);

/// The same as `validate` for new records in a JSON array, of 1 to `most_new_records`. The pointers
/// of all failed fields of all records begin with the place of the record: `/3/price`.
Expected<std::vector<Change>> validate_array(const Resource& resource, std::string_view body);

/// Fields whose values are given in another way, and are assigned later: they are not missing.
using FieldsElsewhere = std::span<const Field* const>;

/// The same for a body that `json::parse` has read; members may have been taken out of the
/// document.
Expected<Change> validate(const Resource& resource, ChangeMode mode, const json::Document& document,
                          std::string_view body, FieldsElsewhere elsewhere);

/// The value of a field that did not come as a member of a body, such as the cell of a table: as
/// the member that it would be, with what `json::raw_value` would give.
struct GivenValue {
    const Field* field = nullptr;
    json::Member member = {.name = {}, .type = json::Type::null, .text = {}};
    std::string raw = {};
    std::size_t growth = 0;  ///< json::Document::growth
};

/// The same as `validate` for the values of one record, for a resource with fields. Those that are
/// read only are left out.
Expected<Change> validate(const Resource& resource, ChangeMode mode,
                          std::span<const GivenValue> values, FieldsElsewhere elsewhere);

/// Makes a change that was validated for an existing record fit for a new one: adds the defaults.
/// Fails with all that is missing.
Expected<void> complete_new(const Resource& resource, Change& change);

}  // namespace larder
