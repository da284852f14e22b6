// Pages by the values of the last record (keyset). What follows a position is a union of branches,
// each of which is one range of an index in the order of that index, and is read only as far as
// those before it leave the page unfilled:
//
//     sort=issued,number   after (i, n, id):   issued = i AND number = n AND id > id
//                                              issued = i AND number > n
//                                              issued > i
//
// and for a field that may be null one branch more, of the nulls, which come last. Where all keys
// rise, or all fall, and only the first may be null, the branches that have values are one
// comparison of rows.

#include "query/statement.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>
#include <utility>
#include <variant>

#include "catalog/search_text.hpp"
#include "query/columns.hpp"

namespace larder::query {

namespace {

using Texts = std::vector<std::string>;

struct Key {
    Column column;
    bool is_falling = false;
    bool is_unique = false;  ///< no two values but nulls are equal

    std::string beyond() const { return is_falling ? " < " : " > "; }
};

/// Rows that meet `conditions`, sorted by the keys from `first` on; those before are fixed.
struct Branch {
    Texts conditions;
    std::size_t first = 0;
    bool has_nulls = true;  ///< the key `first` may be null here
};

class Writer {
public:
    Writer(const Resource& resource, const Rows& rows, const Query& query, Values& values)
        : query_(query), rows_(rows), values_(values) {
        for (const SortKey& key : query.order) {
            keys_.push_back({.column = column_of(resource, key.field),
                             .is_falling = key.is_falling,
                             .is_unique = key.field == nullptr || key.field->unique});
        }
        if (!rows.where.empty()) base_.push_back('(' + rows.where + ')');
        for (const Filter& filter : query.filters) {
            base_.push_back(condition_of(resource, filter, values_));
        }
        if (!query.words.empty()) {
            base_.push_back(fmt::format("{} @@ websearch_to_tsquery('simple', {})",
                                        search_vector(resource), values_.add(query.words)));
        }
    }

    std::string all() const { return from(base_); }

    Selection page(int limit) {
        if (limit > 0) limit_ = values_.add(std::to_string(limit)) + "::bigint";
        if (query_.after) {
            add_after(*query_.after);
        } else {
            split({.conditions = base_});
        }
        if (branches_.size() == 1 && !needs_edge(branches_.front())) {
            return {.with = {}, .rest = text_of(branches_.front())};
        }
        for (const Branch& branch : branches_) {
            if (needs_edge(branch)) {
                add_with_edge(branch);
            } else {
                add_part(text_of(branch));
            }
        }
        return {.with = fmt::format("WITH {} ", fmt::join(with_, ", ")),
                .rest = fmt::format(" FROM ({}) AS t{}", fmt::join(parts_, " UNION ALL "),
                                    sorted(0, true))};
    }

private:
    std::string from(const Texts& conditions) const {
        std::string text = fmt::format(" FROM {} AS t", rows_.from);
        if (!conditions.empty()) text += fmt::format(" WHERE {}", fmt::join(conditions, " AND "));
        return text;
    }

    std::string sorted(std::size_t first, bool has_nulls) const {
        std::string order;
        for (std::size_t i = first; i < keys_.size(); ++i) {
            const Key& key = keys_[i];
            const bool may_be_null = key.column.is_nullable && (i != first || has_nulls);
            order += fmt::format("{}{}{}{}", order.empty() ? "" : ", ", key.column.ordered,
                                 key.is_falling ? " DESC" : "",
                                 key.is_falling && may_be_null ? " NULLS LAST" : "");
        }
        std::string text = " ORDER BY " + order;
        if (!limit_.empty()) text += " LIMIT " + limit_;
        return text;
    }

    /// An index has nulls first when it is read backwards, so they are a branch of their own.
    void split(Branch branch) {
        const Key& key = keys_[branch.first];
        const bool is_apart =
            key.column.is_nullable && key.is_falling && branch.has_nulls && !limit_.empty();
        if (!is_apart) return branches_.push_back(std::move(branch));
        Branch nulls = {.conditions = branch.conditions, .first = branch.first + 1};
        branch.conditions.push_back(key.column.name + " IS NOT NULL");
        branch.has_nulls = false;
        nulls.conditions.push_back(key.column.name + " IS NULL");
        branches_.push_back(std::move(branch));
        split(std::move(nulls));
    }

    void add_after(const Position& position) {
        Texts values;
        for (std::size_t i = 0; i < keys_.size(); ++i) {
            values.push_back(position[i] ? values_.add(*position[i]).append(keys_[i].column.cast)
                                         : "");
        }
        const bool is_uniform = std::ranges::all_of(
            keys_, [&](const Key& key) { return key.is_falling == keys_.front().is_falling; });
        const bool has_later_nulls = std::ranges::any_of(
            keys_ | std::views::drop(1), [](const Key& key) { return key.column.is_nullable; });
        const bool is_one =
            is_uniform && !has_later_nulls && std::ranges::find(values, "") == values.end();
        if (is_one) add_comparison_of_rows(values);
        Texts fixed = base_;
        std::vector<Branch> found;
        for (std::size_t i = 0; i < keys_.size(); ++i) {
            const Column& column = keys_[i].column;
            if (values[i].empty()) {
                fixed.push_back(column.name + " IS NULL");
                continue;
            }
            const auto add = [&](std::string condition, std::size_t first) {
                found.push_back({.conditions = fixed, .first = first, .has_nulls = first != i});
                found.back().conditions.push_back(std::move(condition));
            };
            if (column.is_nullable) add(column.name + " IS NULL", i + 1);
            if (!is_one) add(column.ordered + keys_[i].beyond() + values[i], i);
            fixed.push_back(fmt::format("{} = {}", column.ordered, values[i]));
        }
        // The nearest first.
        for (Branch& branch : found | std::views::reverse) split(std::move(branch));
    }

    void add_comparison_of_rows(const Texts& values) {
        Texts columns;
        for (const Key& key : keys_) columns.push_back(key.column.ordered);
        Branch branch{.conditions = base_, .first = 0, .has_nulls = false};
        branch.conditions.push_back(
            keys_.size() == 1 ? columns.front() + keys_.front().beyond() + values.front()
                              : fmt::format("({}){}({})", fmt::join(columns, ", "),
                                            keys_.front().beyond(), fmt::join(values, ", ")));
        branches_.push_back(std::move(branch));
    }

    std::string text_of(const Branch& branch) const {
        return from(branch.conditions) + sorted(branch.first, branch.has_nulls);
    }

    /// `text` with as many rows as earlier parts leave of the page. PostgreSQL plans for the LIMIT
    /// inside, which is a constant, and stops at the one outside.
    std::string rest_of_page(std::string_view columns, const std::string& text) const {
        std::string inner = fmt::format("SELECT {}{}", columns, text);
        if (limit_.empty() || parts_.empty()) return inner;
        std::string left = limit_;
        for (std::size_t i = 1; i <= parts_.size(); ++i) {
            left += fmt::format(" - (SELECT count(*) FROM larder_part_{})", i);
        }
        return fmt::format("SELECT p.* FROM ({}) AS p LIMIT {}", inner, left);
    }

    /// The parts come in the order of the list, so that one is not read where those before it have
    /// filled the page.
    void add_part(const std::string& text) {
        const std::string name = fmt::format("larder_part_{}", parts_.size() + 1);
        with_.push_back(fmt::format("{} AS ({})", name, rest_of_page("t.*", text)));
        parts_.push_back("SELECT * FROM " + name);
    }

    /// A falling key before a rising id: in an index, read backwards, the ids of equal values fall
    /// as well. Without an edge PostgreSQL would read and sort all records with the first value,
    /// which can be a third of the table.
    bool needs_edge(const Branch& branch) const {
        const std::size_t i = branch.first;
        return !limit_.empty() && i + 2 == keys_.size() && keys_[i].is_falling &&
               !keys_[i + 1].is_falling && !keys_[i].is_unique &&
               (!branch.has_nulls || !keys_[i].column.is_nullable);
    }

    /// The edge is the value of the last record of a page when equal ones may come in any order.
    /// All above it are on the page, and of those that are equal to it the first by id.
    void add_with_edge(const Branch& branch) {
        const Key& key = keys_[branch.first];
        const std::string edge = fmt::format("larder_edge_{}", with_.size() + 1);
        const std::string values = fmt::format("{} ORDER BY {} DESC LIMIT {}",
                                               from(branch.conditions), key.column.ordered, limit_);
        with_.push_back(fmt::format(
            "{} AS (SELECT e.value FROM ({}) AS e ORDER BY e.value{} LIMIT 1)", edge,
            rest_of_page(key.column.ordered + " AS value", values), key.column.collation));
        const auto add = [&](std::string_view sign, std::size_t first) {
            Texts conditions = branch.conditions;
            conditions.push_back(
                fmt::format("{} {} (SELECT value FROM {})", key.column.ordered, sign, edge));
            add_part(from(conditions) + sorted(first, false));
        };
        add(">", branch.first);
        add("=", branch.first + 1);
    }

    const Query& query_;
    const Rows& rows_;
    Values& values_;
    std::vector<Key> keys_;
    Texts base_;
    std::string limit_;  // a parameter
    std::vector<Branch> branches_;
    Texts with_;   // common table expressions
    Texts parts_;  // a SELECT of each part of the page
};

}  // namespace

std::string Values::add(std::string value) {
    values_.emplace_back(std::move(value));
    return fmt::format("${}", values_.size());
}

std::string position_columns(const Resource& resource, const Query& query) {
    std::string columns;
    for (const SortKey& key : query.order) {
        columns += fmt::format(", ({})::text", column_of(resource, key.field).name);
    }
    return columns;
}

Selection selection(const Resource& resource, const Rows& rows, const Query& query, int limit,
                    Values& values) {
    return Writer(resource, rows, query, values).page(limit);
}

std::string counted(const Resource& resource, const Rows& rows, const Query& query,
                    Values& values) {
    return Writer(resource, rows, query, values).all();
}

}  // namespace larder::query
