#pragma once

#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/resource.hpp"
#include "query/query.hpp"

namespace larder::query {

/// How a comparison is asked for: `total` + `.gte`.
struct Operator {
    std::string_view suffix;
    Comparison comparison;
    std::string_view meaning;  ///< for the documentation
};

/// All of them; the first has no suffix.
std::span<const Operator> operators();

/// Why a field of this kind cannot be compared so; empty: it can. `field` null: the id.
std::string_view misfit(const Field* field, Comparison comparison);

/// Whether a list takes filters, words and an order from the client: only that of all records.
bool is_open(const List& list);

/// The fields by which records are found, with the id (null) first.
std::vector<const Field*> filter_fields(const Resource& resource);

/// The fields by which records are sorted, without the id.
std::vector<const Field*> sort_fields(const Resource& resource);

bool has_search(const Resource& resource);

std::string_view name_of(const Field* field);  ///< null: `id`

/// The names of all parameters of a list, those that every list has first.
std::vector<std::string> parameter_names(const Resource& resource, const List& list);

}  // namespace larder::query
