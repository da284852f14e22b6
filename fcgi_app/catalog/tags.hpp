#pragma once

#include <cstddef>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/resource.hpp"

namespace larder {

/// What cached lists hang on (ARCHITECTURE.md, "Lists"). A tag is a set of rows of a collection:
/// all of them, those of a named list's condition, or those with a value of a field. A write makes
/// the lists of those tags cold that its row has before or after it. Pure; any thread.
///
/// A tag is known by a text: empty for the collection's own, the path of a named list
/// (`high-salary`), or `field=value` (`customer=42`). It is part of a file's name.

/// One of what a row's tags are derived from: a named list or a field; the other is null.
struct TagSource {
    const List* list = nullptr;
    const Field* field = nullptr;
};

/// Those of a resource: its named lists with a condition on the rows of the table alone, and its
/// fields by which lists are filtered, as far as equal values of their type have one text. In the
/// order of the description.
std::vector<TagSource> tag_sources(const Resource& resource);

/// The tag of a named list: empty, so the collection's own, where it is not the list of a
/// condition.
std::string tag_of(const List& list);

/// The tag of the rows with this value, as its column's text. Nothing: they have none of their own,
/// so a list of them hangs on the collection.
std::optional<std::string> tag_of(const Field& field, std::string_view value);

/// The tags of a row, apart from the collection's. `values` are the texts of the sources, in their
/// order: `true` where it fulfils a list's condition, and the value of a field.
std::vector<std::string> tags_of(const std::vector<TagSource>& sources,
                                 const std::vector<std::optional<std::string>>& values);

/// The name of the lock that says that a transaction which makes the lists of a tag wrong is about
/// to end (store/statements.hpp). Of a field's tags it begins with that of `field=`.
std::string lock_name(const Resource& resource, std::string_view tag);

/// Stands for all tags of a collection but its own; is no tag itself.
inline constexpr std::string_view every_tag = "*";

/// A value is part of a tag if it is 1 to `longest_tag_value` of A-Z a-z 0-9 . _ -, so that no tag
/// leads out of a directory and no two values have one.
inline constexpr std::size_t longest_tag_value = 64;
bool is_tag_value(std::string_view value);

}  // namespace larder
