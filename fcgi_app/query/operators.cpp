#include "query/operators.hpp"

#include <algorithm>
#include <array>
#include <variant>

namespace larder::query {

namespace {

constexpr std::array<Operator, 8> all = {{
    {"", Comparison::equal, "equal; given more than once: any of them"},
    {".ne", Comparison::not_equal, "not equal"},
    {".gt", Comparison::greater, "greater"},
    {".gte", Comparison::at_least, "greater or equal"},
    {".lt", Comparison::less, "less"},
    {".lte", Comparison::at_most, "less or equal"},
    {".prefix", Comparison::prefix, "text that begins so"},
    {".null", Comparison::null, "`true`: null; `false`: not null"},
}};

}  // namespace

std::span<const Operator> operators() { return all; }

std::string_view misfit(const Field* field, Comparison comparison) {
    if (comparison == Comparison::prefix &&
        (field == nullptr || !std::holds_alternative<Text>(field->type))) {
        return "is for text only";
    }
    if (comparison == Comparison::null && (field == nullptr || field->required)) {
        return "is for optional fields only; this one is never null";
    }
    return {};
}

bool is_open(const List& list) { return list.path.empty(); }

std::vector<const Field*> filter_fields(const Resource& resource) {
    std::vector<const Field*> fields = {nullptr};
    for (const Field& field : resource.fields) {
        if (field.filter) fields.push_back(&field);
    }
    return fields;
}

std::vector<const Field*> sort_fields(const Resource& resource) {
    std::vector<const Field*> fields;
    for (const Field& field : resource.fields) {
        if (field.sort) fields.push_back(&field);
    }
    return fields;
}

bool has_search(const Resource& resource) {
    return std::ranges::any_of(resource.fields, &Field::search);
}

std::string_view name_of(const Field* field) {
    return field == nullptr ? std::string_view("id") : field->name;
}

std::vector<std::string> parameter_names(const Resource& resource, const List& list) {
    std::vector<std::string> names = {"limit", "after", "fields", "count"};
    if (!is_open(list)) return names;
    names.emplace_back("sort");
    if (has_search(resource)) names.emplace_back("q");
    const auto fields = filter_fields(resource);
    for (const Operator& one : all) {
        for (const Field* field : fields) {
            if (misfit(field, one.comparison).empty()) {
                names.push_back(std::string(name_of(field)).append(one.suffix));
            }
        }
    }
    return names;
}

}  // namespace larder::query
