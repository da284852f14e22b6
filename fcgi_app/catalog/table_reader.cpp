#include "catalog/table_reader.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace larder {

Position position_of(const toml::source_region& region) {
    // A table that only the names of others imply has no place of its own.
    return {.line = std::max<std::uint32_t>(1, region.begin.line),
            .column = std::max<std::uint32_t>(1, region.begin.column)};
}

void TableReader::check_keys(std::span<const std::string_view> known,
                             std::span<const std::string_view> later) {
    for (const auto& [key, value] : table_) {
        const std::string_view name = key.str();
        if (is_among(known, name)) continue;
        std::string text;
        if (is_among(later, name)) {
            text = fmt::format("{} is not served by this version of Larder; leave it out",
                               shown(name));
        } else if (const auto meant = nearest(name, known); !meant.empty()) {
            text =
                fmt::format("{} is not a known key; did you mean {}?", shown(name), shown(meant));
        } else {
            text = fmt::format("{} is not a known key; known here: {}", shown(name),
                               alternatives(known));
        }
        mistakes_.add(position_of(key.source()), std::move(text));
    }
}

template <class Node>
const Node* TableReader::node_as(std::string_view key, std::string_view wanted) {
    const toml::node* node = find(key);
    if (node == nullptr) return nullptr;
    const Node* found = node->as<Node>();
    if (found == nullptr) {
        refuse(key, fmt::format("`{}` is {}; write {}", key, type_name(*node), wanted));
    }
    return found;
}

std::optional<std::string> TableReader::text(std::string_view key) {
    const auto* text = node_as<toml::value<std::string>>(key, "a string, in quotes");
    if (text == nullptr) return std::nullopt;
    if (text->get().find('\0') != std::string::npos) {
        refuse(key, fmt::format("`{}` has a NUL character; remove it", key));
        return std::nullopt;
    }
    return text->get();
}

std::optional<bool> TableReader::flag(std::string_view key) {
    const auto* flag = node_as<toml::value<bool>>(key, "true or false, with no quotes");
    return flag == nullptr ? std::nullopt : std::optional(flag->get());
}

std::optional<std::int64_t> TableReader::integer(std::string_view key) {
    const auto* whole = node_as<toml::value<std::int64_t>>(key, "a whole number, with no quotes");
    return whole == nullptr ? std::nullopt : std::optional(whole->get());
}

const toml::table* TableReader::table(std::string_view key) {
    return node_as<toml::table>(key, "a table, { … }");
}

const toml::array* TableReader::array(std::string_view key) {
    return node_as<toml::array>(key, "an array, [ … ]");
}

std::optional<std::string> TableReader::one_of(std::string_view key,
                                               std::span<const std::string_view> words) {
    auto value = text(key);
    if (!value || is_among(words, *value)) return value;
    const auto meant = nearest(*value, words);
    refuse(key, fmt::format("`{}` is {}; write {}{}", key, shown(*value), alternatives(words),
                            meant.empty() ? "" : fmt::format(" (did you mean `{}`?)", meant)));
    return std::nullopt;
}

Position TableReader::at(std::string_view key) const {
    const toml::node* node = find(key);
    return position_of(node == nullptr ? table_.source() : node->source());
}

std::vector<Entry> entries_in_order(const toml::table& table) {
    std::vector<Entry> entries;
    for (const auto& [key, value] : table) {
        entries.push_back({std::string(key.str()), position_of(key.source()), &value});
    }
    std::ranges::stable_sort(entries, {}, &Entry::at);
    return entries;
}

std::string_view type_name(const toml::node& node) {
    switch (node.type()) {
        case toml::node_type::string: return "a string";
        case toml::node_type::integer: return "a whole number";
        case toml::node_type::floating_point: return "a number with a fraction";
        case toml::node_type::boolean: return "true or false";
        case toml::node_type::table: return "a table";
        case toml::node_type::array: return "an array";
        default: return "a date or a time";
    }
}

bool is_among(std::span<const std::string_view> words, std::string_view word) {
    return std::ranges::find(words, word) != words.end();
}

std::string alternatives(std::span<const std::string_view> words) {
    std::string text;
    for (std::size_t i = 0; i < words.size(); ++i) {
        if (i > 0) text += i + 1 == words.size() ? " or " : ", ";
        text += fmt::format("`{}`", words[i]);
    }
    return text;
}

}  // namespace larder
