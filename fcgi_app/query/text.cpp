#include "query/text.hpp"

#include <fmt/format.h>

#include <cctype>
#include <ranges>

#include "query/cursor.hpp"
#include "query/operators.hpp"

namespace larder::query {

namespace {

/// For a query in a URI (RFC 3986, section 3.4) that a header can hold in angle brackets.
std::string encoded(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) != 0 || std::string_view("-._~,:").contains(c)) {
            out += c;
        } else {
            out += fmt::format("%{:02X}", byte);
        }
    }
    return out;
}

void add(std::string& text, std::string_view name, std::string_view value) {
    if (!text.empty()) text += '&';
    text.append(name).append(1, '=').append(encoded(value));
}

std::string_view suffix_of(Comparison comparison) {
    return operators()[static_cast<std::size_t>(comparison)].suffix;
}

std::string parameter_of(const Filter& filter) {
    return std::string(name_of(filter.field)).append(suffix_of(filter.comparison));
}

std::string order_text(const Query& query) {
    std::string text;
    for (const SortKey& key : query.order) {
        if (!text.empty()) text += ',';
        text.append(key.is_falling ? "-" : "").append(name_of(key.field));
    }
    return text;
}

/// As the client may have written it: without the id that comes last by itself.
std::string sort_text(const Query& query) {
    std::string text = order_text(query);
    if (query.order.size() > 1 && !query.order.back().is_falling) text.resize(text.rfind(','));
    return text;
}

std::string selection_text(const Query& query) {
    std::string text;
    for (const Filter& filter : query.filters) {
        for (const std::string& value : filter.values) add(text, parameter_of(filter), value);
    }
    if (!query.words.empty()) add(text, "q", query.words);
    return text;
}

}  // namespace

void name(Query& query, bool has_limit, std::string_view cursor) {
    std::string text = selection_text(query);
    if (query.is_sorted) add(text, "sort", sort_text(query));
    if (query.members) add(text, "fields", fmt::format("{}", fmt::join(*query.members, ",")));
    if (has_limit) add(text, "limit", std::to_string(query.limit));
    if (query.is_counted) add(text, "count", "exact");
    query.text = std::move(text);
    query.key = query.text;
    if (!cursor.empty()) add(query.key, "after", cursor);
}

std::string binding_of(const Resource& resource, const List& list, const Query& query) {
    std::string types;
    for (const SortKey& key : query.order) {
        types +=
            static_cast<char>('a' + (key.field == nullptr ? static_cast<std::size_t>(resource.id)
                                                          : 2 + key.field->type.index()));
    }
    return fmt::format("/{}/{}?{}&sort={} {}", resource.name, list.path, selection_text(query),
                       order_text(query), types);
}

std::optional<std::string> next_link(std::string_view path, const Resource& resource,
                                     const List& list, const Query& query,
                                     const Position& position) {
    std::string text = query.text;
    add(text, "after", cursor_of(position, binding_of(resource, list, query)));
    if (path.size() + 1 + text.size() > longest_link) return std::nullopt;
    return fmt::format("<{}?{}>; rel=\"next\"", path, text);
}

std::string summary_of(const Query& query) {
    std::vector<std::string> filters;
    filters.reserve(query.filters.size());
    for (const Filter& filter : query.filters) {
        filters.push_back(fmt::format("`{}`", parameter_of(filter)));
    }
    if (!query.words.empty()) filters.emplace_back("`q`");
    std::string order = fmt::format("the order `{}`", order_text(query));
    if (filters.empty()) return order;
    return fmt::format("the filter{} {} with {}", filters.size() == 1 ? "" : "s",
                       fmt::join(filters, ", "), order);
}

}  // namespace larder::query
