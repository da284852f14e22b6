#include "bulk/columns.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <set>

#include "json/document.hpp"

namespace larder::bulk {

namespace {

const Resource* find_resource(const ImportRequest& request, std::string_view name) {
    const auto found = std::ranges::find(request.resources, name, &Resource::name);
    return found == request.resources.end() ? nullptr : &*found;
}

std::string known_names(const Resource& resource) {
    constexpr std::size_t most = 20;
    std::string names = "id";
    std::size_t count = 1;
    for (const Field& field : resource.fields) {
        if (field.read_only) continue;
        if (++count > most) return names + ", …";
        names.append(", ").append(field.name);
    }
    return names;
}

std::expected<Column, std::string> reference_column(const ImportRequest& request,
                                                    const Field& field, std::string_view by) {
    const Reference* reference = field.reference();
    if (reference == nullptr) {
        return std::unexpected(fmt::format("is not known: {} is no reference", field.name));
    }
    if (by == "id") return Column{.field = &field};
    const Resource* target = find_resource(request, reference->to);
    const Field* unique = target == nullptr ? nullptr : target->find_field(by);
    if (unique == nullptr || !unique->unique) {
        return std::unexpected(
            fmt::format("is not known: {} has no unique field '{}'", reference->to, by));
    }
    return Column{.field = &field, .by = unique};
}

bool has_column(std::span<const Column> columns, const Field* field) {
    return std::ranges::any_of(columns, [&](const Column& column) {
        return field == nullptr ? column.is_id : column.field == field;
    });
}

/// What the columns do not have, and each row needs.
void check_missing(const ImportRequest& request, std::span<const Column> columns,
                   std::vector<FieldError>& errors) {
    const bool is_update = request.on_conflict == OnConflict::update;
    for (const Field& field : request.resource->fields) {
        const bool is_needed = field.required && !field.fallback && !field.database_default &&
                               !field.read_only && !is_update;
        if (is_needed && !has_column(columns, &field)) {
            errors.push_back({json::pointer("", field.name), "is required, and is no column"});
        }
    }
    if (request.on_conflict == OnConflict::fail || has_column(columns, request.key)) return;
    const std::string key = request.key == nullptr ? "id" : request.key->name;
    errors.push_back({json::pointer("", key),
                      "is the key by which records are known, and is no column; name another one"
                      " with key"});
}

}  // namespace

std::expected<Column, std::string> column_of(const ImportRequest& request, std::string_view name) {
    const Resource& resource = *request.resource;
    if (name == "id") return Column{.is_id = true};
    if (const Field* field = resource.find_field(name)) return Column{.field = field};
    const auto dot = name.find('.');
    const Field* field = resource.find_field(name.substr(0, dot));
    if (dot != name.npos && field != nullptr) {
        return reference_column(request, *field, name.substr(dot + 1));
    }
    return std::unexpected(
        fmt::format("is not a known field; known here: {}", known_names(resource)));
}

std::expected<std::vector<Column>, std::vector<FieldError>> columns_of(
    const ImportRequest& request, std::span<const std::string_view> names) {
    std::vector<Column> columns;
    std::vector<FieldError> errors;
    for (const std::string_view name : names) {
        const auto refuse = [&](std::string why) {
            errors.push_back({json::pointer("", name), std::move(why)});
        };
        const auto column = column_of(request, name);
        if (!column) {
            refuse(column.error());
        } else if (has_column(columns, column->field)) {
            refuse("is given by two columns");
        } else {
            columns.push_back(*column);
        }
    }
    if (errors.empty()) check_missing(request, columns, errors);
    if (!errors.empty()) return std::unexpected(std::move(errors));
    return columns;
}

std::string pointer_of(const Column& column) {
    if (column.is_id) return "/id";
    const std::string by = column.by == nullptr ? "" : "." + column.by->name;
    return json::pointer("", column.field->name + by);
}

}  // namespace larder::bulk
