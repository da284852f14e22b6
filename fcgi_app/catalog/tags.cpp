#include "catalog/tags.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <variant>

namespace larder {

namespace {

// Others have several texts for one value (24.9 and 24.90, 0 and -0), or texts with other
// characters.
bool has_one_text(const Field& field) {
    return std::holds_alternative<Text>(field.type) ||
           std::holds_alternative<Integer>(field.type) ||
           std::holds_alternative<Boolean>(field.type) ||
           std::holds_alternative<Uuid>(field.type) || std::holds_alternative<Enum>(field.type) ||
           field.reference() != nullptr;
}

}  // namespace

std::vector<TagSource> tag_sources(const Resource& resource) {
    std::vector<TagSource> sources;
    for (const List& list : resource.lists) {
        if (!tag_of(list).empty()) sources.push_back({.list = &list});
    }
    for (const Field& field : resource.fields) {
        if (field.filter && has_one_text(field)) sources.push_back({.field = &field});
    }
    return sources;
}

std::string tag_of(const List& list) {
    const bool has_condition = !list.where.empty() && list.from.empty();
    return has_condition ? list.path : std::string{};
}

std::optional<std::string> tag_of(const Field& field, std::string_view value) {
    if (!field.filter || !has_one_text(field) || !is_tag_value(value)) return std::nullopt;
    return std::string(field.name).append("=").append(value);
}

std::vector<std::string> tags_of(const std::vector<TagSource>& sources,
                                 const std::vector<std::optional<std::string>>& values) {
    std::vector<std::string> tags;
    const std::size_t count = std::min(sources.size(), values.size());
    for (std::size_t at = 0; at < count; ++at) {
        const auto& value = values[at];
        if (!value) continue;
        if (sources[at].list != nullptr) {
            if (*value == "true") tags.push_back(sources[at].list->path);
        } else if (auto tag = tag_of(*sources[at].field, *value)) {
            tags.push_back(std::move(*tag));
        }
    }
    return tags;
}

std::string lock_name(const Resource& resource, std::string_view tag) {
    return fmt::format("larder:lists:{}:{}", resource.name, tag);
}

bool is_tag_value(std::string_view value) {
    constexpr std::string_view others = "._-";
    return !value.empty() && value.size() <= longest_tag_value &&
           std::ranges::all_of(value, [&](char c) {
               return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
                      others.contains(c);
           });
}

}  // namespace larder
