#include "catalog/index_description.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <variant>

namespace larder {

namespace {

constexpr std::size_t most_columns = 8;
constexpr std::string_view right = R"(write indexes = [["customer", "issued"]])";

/// What is wrong with a field of an index, and what would be right; empty: nothing.
std::string misfit(const Resource& resource, std::string_view name,
                   std::span<const std::string> unread) {
    if (name == "id") return "has `id`, which comes last in every index; leave it out";
    if (std::ranges::find(unread, name) != unread.end()) return {};
    const Field* field = resource.find_field(name);
    if (field == nullptr) {
        std::vector<std::string_view> names;
        names.reserve(resource.fields.size());
        for (const Field& one : resource.fields) names.emplace_back(one.name);
        const auto meant = nearest(name, names);
        return fmt::format(
            "has {}, which is no field{}", shown(name),
            meant.empty() ? "; name fields" : fmt::format("; did you mean {}?", shown(meant)));
    }
    if (field->is_json() || std::holds_alternative<Other>(field->type)) {
        return fmt::format("has {}, whose type has no order; leave it out", shown(name));
    }
    return {};
}

}  // namespace

std::vector<std::vector<std::string>> read_indexes(const toml::array& indexes,
                                                   const Resource& resource,
                                                   std::span<const std::string> unread,
                                                   Mistakes& mistakes) {
    std::vector<std::vector<std::string>> all;
    for (const toml::node& node : indexes) {
        const auto refuse = [&](const toml::node& what, std::string_view why) {
            mistakes.add(position_of(what.source()), fmt::format("`indexes` {}", why));
        };
        const toml::array* names = node.as_array();
        if (names == nullptr || names->size() < 2 || names->size() > most_columns) {
            refuse(node, fmt::format("has {}, and each index is a list of 2 to {} fields; {}",
                                     names == nullptr ? type_name(node) : "one of another length",
                                     most_columns, right));
            continue;
        }
        std::vector<std::string> fields;
        for (const toml::node& one : *names) {
            const auto* name = one.as_string();
            if (name == nullptr) {
                refuse(one,
                       fmt::format("has {}; write names of fields, in quotes", type_name(one)));
                continue;
            }
            if (const auto why = misfit(resource, name->get(), unread); !why.empty()) {
                refuse(one, why);
            }
            if (std::ranges::find(fields, name->get()) != fields.end()) {
                refuse(one, fmt::format("has {} twice in one; name it once", shown(name->get())));
            }
            fields.push_back(name->get());
        }
        if (std::ranges::find(all, fields) != all.end()) refuse(node, "has the same one twice");
        all.push_back(std::move(fields));
    }
    return all;
}

}  // namespace larder
