#include "records/effects.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <utility>

namespace larder {

namespace {

/// Calls `take(field, value)` for each unique value that the row has.
template <class Take>
void for_each_unique_value(const Resource& resource, const RowImage& row, Take take) {
    std::size_t at = 0;
    for (const Field& field : resource.fields) {
        if (!field.unique) continue;
        if (at == row.unique_values.size()) return;
        if (const auto& value = row.unique_values[at++]) take(field, *value);
    }
}

std::vector<std::string> claims_of(const Resource& resource, const RowImage& row) {
    std::vector<std::string> keys;
    for_each_unique_value(resource, row, [&](const Field& field, const std::string& value) {
        keys.push_back(claim_key(resource, field, value));
    });
    return keys;
}

/// Appends what stands in `keys` and not in `others`.
void append_without(std::vector<std::string>& to, std::vector<std::string> keys,
                    const std::vector<std::string>& others) {
    for (std::string& key : keys) {
        if (std::ranges::find(others, key) == others.end()) to.push_back(std::move(key));
    }
}

}  // namespace

void OutdatedLists::add(std::vector<std::string> of_row) {
    if (all) return;
    for (std::string& tag : of_row) tags.insert(std::move(tag));
    if (tags.size() > most_tags) add_all();
}

void OutdatedLists::add(const OutdatedLists& others) {
    if (others.all) return add_all();
    add(std::vector<std::string>(others.tags.begin(), others.tags.end()));
}

void OutdatedLists::add_all() {
    all = true;
    tags.clear();
}

std::vector<std::string> locks_of(const Resource& resource, const OutdatedLists& lists) {
    std::vector<std::string> locks = {lock_name(resource, {})};
    if (lists.all) locks.push_back(lock_name(resource, every_tag));
    for (const std::string& tag : lists.tags) locks.push_back(lock_name(resource, tag));
    return locks;
}

std::vector<std::string> locks_of_readers(const Resource& resource, std::string_view tag) {
    if (tag.empty()) return {lock_name(resource, {})};
    return {lock_name(resource, tag), lock_name(resource, every_tag)};
}

std::vector<std::string> outdated_entries(const Resource& resource, const RowImage* before,
                                          const RowImage* after) {
    if (before == nullptr) return {};
    if (after == nullptr) return entries_of(resource, *before);
    if (before->id != after->id) {
        auto keys = entries_of(resource, *before);
        append_without(keys, entries_of(resource, *after), {});
        return keys;
    }
    std::vector<std::string> keys = {record_key(resource, before->id)};
    const auto old_claims = claims_of(resource, *before);
    const auto new_claims = claims_of(resource, *after);
    append_without(keys, old_claims, new_claims);
    append_without(keys, new_claims, old_claims);
    return keys;
}

std::vector<std::optional<std::string>> tag_values(
    const std::vector<std::optional<std::string>>& row, std::size_t at,
    const std::vector<TagSource>& sources) {
    const auto first = row.begin() + static_cast<std::ptrdiff_t>(at);
    return {first, first + std::ssize(sources)};
}

std::vector<std::optional<std::string>> unique_values(
    const Resource& resource, const Change& change,
    std::vector<std::optional<std::string>> before) {
    std::size_t at = 0;
    for (const Field& field : resource.fields) {
        if (!field.unique) continue;
        if (at == before.size()) before.emplace_back();
        if (const auto* sent = change.value_of(field)) before[at] = *sent;
        ++at;
    }
    return before;
}

std::vector<std::string> entries_of(const Resource& resource, const RowImage& row) {
    std::vector<std::string> keys = {record_key(resource, row.id)};
    append_without(keys, claims_of(resource, row), {});
    return keys;
}

std::string record_key(const Resource& resource, std::string_view id) {
    return fmt::format("{}:{}", resource.name, id);
}

std::string claim_key(const Resource& resource, const Field& field, std::string_view value) {
    return fmt::format("{}.{}:{}", resource.name, field.name, value);
}

}  // namespace larder
