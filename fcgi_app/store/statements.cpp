#include "store/statements.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "catalog/names.hpp"
#include "mutant.hpp"
#include "query/order.hpp"
#include "store/cache_locks.hpp"
#include "store/record_text.hpp"

namespace larder {

namespace {

std::string_view sql_type(IdType id) { return id == IdType::integer ? "bigint" : "uuid"; }

std::string_view id_type(const Resource& resource) { return sql_type(resource.id); }

/// Whether a reference is one of the ids in a parameter.
std::string is_among(const Field& reference, std::size_t parameter) {
    return fmt::format("{} = ANY(${}::{}[])", sql_column(reference), parameter,
                       sql_type(reference.reference()->id));
}

/// The text from which a tag of the row at hand is derived.
std::string text_of(const TagSource& source) {
    return source.list != nullptr ? fmt::format("({})::text", source.list->where)
                                  : fmt::format("{}::text", sql_column(*source.field));
}

}  // namespace

Statements::Statements(const Resource& resource)
    : resource_(resource),
      table_(resource.sql_table()),
      id_(sql_id(resource)),
      tag_sources_(larder::tag_sources(resource)) {
    query::Values none;
    json_ = row_json(resource, {}, none);
    for (const TagSource& source : tag_sources_) {
        tag_texts_.push_back(text_of(source));
        tag_columns_ += ", " + tag_texts_.back();
    }
    for (const Field& field : resource.fields) {
        if (field.unique) unique_columns_ += ", " + sql_column(field);
        has_database_defaults_ = has_database_defaults_ || field.database_default;
    }
    insert_ = insert_text(nullptr, true);
    insert_unlocked_ = insert_text(nullptr, false);
}

Statement Statements::select(const std::vector<std::string>& ids) const {
    return {fmt::format("SELECT {0}, {1}, t.xmax = 0 FROM {2} AS t WHERE {0} = ANY($1::{3}[])", id_,
                        json_, table_, id_type(resource_)),
            {quoted_array(ids)}};
}

Statement Statements::select_guarded(const std::string& id) const {
    return {fmt::format("SELECT {}, t.xmin{} FROM {} AS t WHERE {} = $1::{}", json_,
                        unique_columns_, table_, id_, id_type(resource_)),
            {id}};
}

Statement Statements::select_owner(const Field& field, const std::string& value) const {
    return {fmt::format("SELECT {}, t.xmax = 0 FROM {} AS t WHERE {} = $1", id_, table_,
                        sql_column(field)),
            {value}};
}

Statement Statements::select_taken(const Field& field,
                                   const std::vector<std::string>& values) const {
    return {fmt::format("SELECT {0}::text FROM {1} AS t WHERE {0} = ANY($1)", sql_column(field),
                        table_),
            {quoted_array(values)}};
}

Statement Statements::quiet() const {
    return {fmt::format("SELECT NOT EXISTS (SELECT FROM pg_locks WHERE relation = {}::regclass"
                        " AND database = (SELECT oid FROM pg_database"
                        " WHERE datname = current_database())"
                        " AND mode IN ('RowExclusiveLock', 'ShareRowExclusiveLock',"
                        " 'ExclusiveLock', 'AccessExclusiveLock')"
                        " AND granted AND pid IS DISTINCT FROM pg_backend_pid())",
                        quoted_literal(table_)),
            {},
            true};
}

bool Statements::is_inserted(const Field& field, const Change* change) {
    if (field.read_only) return false;
    return !field.database_default || change == nullptr || change->value_of(field) != nullptr;
}

std::string Statements::insert_text(const Change* change, bool takes_locks) const {
    std::vector<std::string> columns;
    std::vector<std::string> given;
    std::size_t parameter = 0;
    if (resource_.generates_id) {
        columns.push_back(quoted_identifier(resource_.id_column));
        given.emplace_back("gen_random_uuid()");
    }
    if (resource_.is_document()) {
        columns.emplace_back("data");
        given.emplace_back("$1::jsonb - 'id'");
    }
    for (const Field& field : resource_.fields) {
        if (!is_inserted(field, change)) continue;
        columns.push_back(quoted_identifier(field.column_name()));
        given.push_back(fmt::format("${}", ++parameter));
    }
    const std::string values =
        columns.empty()
            ? "DEFAULT VALUES"
            : fmt::format("({}) VALUES ({})", fmt::join(columns, ", "), fmt::join(given, ", "));
    return fmt::format("INSERT INTO {} AS t {}{} RETURNING {}, {}{}", table_, values,
                       unique_columns_.empty() ? "" : " ON CONFLICT DO NOTHING",
                       takes_locks ? locking(id_) : id_, json_, tag_columns_);
}

Statement Statements::insert(const Change& change) const { return insert(change, true); }

Statement Statements::insert_unlocked(const Change& change) const { return insert(change, false); }

Statement Statements::insert(const Change& change, bool takes_locks) const {
    const std::string& usual = takes_locks ? insert_ : insert_unlocked_;
    if (resource_.is_document()) return {usual, {change.document}};
    Statement statement{.sql = has_database_defaults_ ? insert_text(&change, takes_locks) : usual};
    for (const Field& field : resource_.fields) {
        if (!is_inserted(field, &change)) continue;
        const auto* sent = change.value_of(field);
        statement.values.push_back(sent == nullptr ? std::nullopt : *sent);
    }
    return statement;
}

/// The name of the lock of a tag of the row, by the text of its source; empty where it has none.
std::string Statements::lock_of(std::size_t source, const std::string& text) const {
    const auto [list, field] = tag_sources_[source];
    if (list != nullptr) {
        return fmt::format("CASE {} WHEN 'true' THEN {} ELSE '' END", text,
                           quoted_literal(lock_name(resource_, list->path)));
    }
    return fmt::format("{} || coalesce({}, '')",
                       quoted_literal(lock_name(resource_, field->name + "=")), text);
}

/// What RETURNING gives, with the locks of the lists taken on the way. Each is taken, for none of
/// the conditions is false. `before`: the texts of the sources before the change.
std::string Statements::locking(const std::string& value,
                                const std::vector<std::string>& before) const {
    if (mutant == Mutant::tags_not_locked || mutant == Mutant::tags_swapped_before_lock) {
        return value;
    }
    std::vector<std::string> names = {quoted_literal(lock_name(resource_, {}))};
    for (std::size_t at = 0; at < tag_texts_.size(); ++at) {
        names.push_back(lock_of(at, tag_texts_[at]));
        if (at < before.size()) names.push_back(lock_of(at, before[at]));
    }
    std::string condition;
    for (const std::string& name : names) {
        condition += fmt::format("{}pg_advisory_xact_lock_shared({}) IS NOT NULL",
                                 condition.empty() ? "" : " AND ", cache_lock_number(name));
    }
    return fmt::format("CASE WHEN {} THEN {} END", condition, value);
}

std::string Statements::guard(std::size_t parameter, const std::string& xmin) const {
    return xmin.empty() ? std::string{} : fmt::format(" AND t.xmin = ${}::xid", parameter);
}

// RETURNING knows the new row only, and to lock the old one first would leave its xmax in the new
// one (see Statements::select). So the condition of the UPDATE, which is computed for the version
// that is then changed, after any wait for its lock, notes the texts in settings of the
// transaction.
Statements::Before Statements::note_tags() const {
    Before before;
    for (std::size_t at = 0; at < tag_texts_.size(); ++at) {
        if (mutant == Mutant::old_tags_of_snapshot) {
            before.texts.push_back(fmt::format("(SELECT {} FROM {} AS t WHERE {} = $1::{})",
                                               tag_texts_[at], table_, id_, id_type(resource_)));
            continue;
        }
        const std::string name = fmt::format("'larder.tag_{}'", at + 1);
        before.condition += fmt::format(" AND set_config({}, coalesce({}, ''), true) IS NOT NULL",
                                        name, tag_texts_[at]);
        before.texts.push_back(fmt::format("current_setting({})", name));
    }
    return before;
}

Statement Statements::update(const std::string& id, const Change& change,
                             const std::string& xmin) const {
    Statement statement{.sql = {}, .values = {id}};
    std::vector<std::string> settings;
    if (resource_.is_document()) {
        settings.emplace_back(change.mode == ChangeMode::merge_patch
                                  ? "data = larder.merge_patch(t.data, $2::jsonb - 'id')"
                                  : "data = t.data || ($2::jsonb - 'id')");
        statement.values.emplace_back(change.document);
    }
    for (const Assignment& assignment : change.assignments) {
        statement.values.push_back(assignment.value);
        const bool is_merged = change.mode == ChangeMode::merge_patch &&
                               assignment.field->is_json() && assignment.value;
        const std::string value =
            is_merged ? fmt::format("larder.merge_patch({}::jsonb, ${}::jsonb)",
                                    sql_column(*assignment.field), statement.values.size())
                      : fmt::format("${}", statement.values.size());
        settings.push_back(
            fmt::format("{} = {}", quoted_identifier(assignment.field->column_name()), value));
    }
    if (!xmin.empty()) statement.values.emplace_back(xmin);
    const Before before = note_tags();
    std::string columns = tag_columns_;
    for (const std::string& text : before.texts) columns += ", " + text;
    statement.sql = fmt::format("UPDATE {} AS t SET {} WHERE {} = $1::{}{}{} RETURNING {}{}",
                                table_, fmt::join(settings, ", "), id_, id_type(resource_),
                                guard(statement.values.size(), xmin), before.condition,
                                locking(json_, before.texts), columns);
    return statement;
}

Statement Statements::remove(const std::string& id, const std::string& xmin) const {
    Statement statement{.sql = {}, .values = {id}};
    if (!xmin.empty()) statement.values.emplace_back(xmin);
    statement.sql = fmt::format("DELETE FROM {0} AS t WHERE {1} = $1::{2}{3} RETURNING {4}{5}{6}",
                                table_, id_, id_type(resource_), guard(2, xmin), locking(id_),
                                unique_columns_, tag_columns_);
    return statement;
}

Statement Statements::lock(const std::string& id, const std::string& xmin) const {
    Statement statement{.sql = {}, .values = {id}};
    if (!xmin.empty()) statement.values.emplace_back(xmin);
    statement.sql = fmt::format("SELECT {0} FROM {1} AS t WHERE {0} = $1::{2}{3} FOR UPDATE", id_,
                                table_, id_type(resource_), guard(2, xmin));
    return statement;
}

Statement Statements::lock_referring(const std::vector<Referring>& to) const {
    Statement statement;
    std::vector<std::string> conditions;
    for (const auto& [field, ids] : to) {
        statement.values.emplace_back(quoted_array(*ids));
        conditions.push_back(is_among(*field, statement.values.size()));
    }
    statement.sql = fmt::format("SELECT {0} FROM {1} AS t WHERE {2} ORDER BY {0} FOR UPDATE", id_,
                                table_, fmt::join(conditions, " OR "));
    return statement;
}

// The row that is locked has the values before; RETURNING would give those after.
Statement Statements::clear(const Referring& reference) const {
    std::string before;
    std::string given;
    std::size_t count = 0;
    for (const Field& field : resource_.fields) {
        if (!field.unique) continue;
        before += fmt::format(", {} AS larder_value_{}", sql_column(field), ++count);
        given += fmt::format(", larder_value_{}", count);
    }
    for (const std::string& text : tag_texts_) {
        before += fmt::format(", {} AS larder_value_{}", text, ++count);
        given += fmt::format(", larder_value_{}", count);
    }
    // Their names are none that a condition of a description may mean.
    return {
        fmt::format("UPDATE {0} AS t SET {1} = NULL FROM (SELECT {5} AS larder_id{2} FROM {0} AS t"
                    " WHERE {3} ORDER BY {5} FOR UPDATE) AS larder_old WHERE {5} = larder_id"
                    " RETURNING {5}{4}{6}",
                    table_, quoted_identifier(reference.field->column_name()), before,
                    is_among(*reference.field, 1), given, id_, tag_columns_),
        {quoted_array(*reference.ids)}};
}

Statement Statements::remove_all(const std::vector<std::string>& ids) const {
    return {fmt::format("DELETE FROM {0} AS t WHERE {1} = ANY($1::{2}[]) RETURNING {1}{3}{4}",
                        table_, id_, id_type(resource_), unique_columns_, tag_columns_),
            {quoted_array(ids)}};
}

std::string Statements::shape() const {
    std::string shape = table_ + json_ + unique_columns_;
    for (const Field& field : resource_.fields) {
        if (const Reference* reference = field.reference()) {
            shape += fmt::format(" {} {}", reference->to, static_cast<int>(reference->on_delete));
        }
    }
    for (const TagSource& source : tag_sources_) {
        shape +=
            fmt::format(" {} {}", source.list != nullptr ? source.list->path : source.field->name,
                        text_of(source));
    }
    return shape;
}

Statement Statements::select_ids(const std::vector<std::string>& ids) const {
    return {fmt::format("SELECT {0} FROM {1} AS t WHERE {0} = ANY($1::{2}[])", id_, table_,
                        id_type(resource_)),
            {quoted_array(ids)}};
}

query::Rows Statements::rows_of(const List& list) const {
    return {.from = list.from.empty() ? table_ : list.from, .where = list.where};
}

std::string Statements::probe(const List& list) const {
    std::string columns = id_;
    for (const Field& field : resource_.fields) columns += ", " + sql_column(field);
    query::Values values;
    const auto all = query::selection(resource_, rows_of(list),
                                      {.order = query::order_of(resource_, list)}, 0, values);
    return "SELECT " + columns + all.rest;
}

namespace {

/// Whether a filter has one value, and its index has the records in the order of the page.
bool is_range_of_index(const query::Filter& filter, const std::vector<query::SortKey>& order) {
    return filter.comparison == query::Comparison::equal && filter.values.size() == 1 &&
           order == std::vector<query::SortKey>{{}};
}

/// Whether a list has one of few texts, and one plan for all values. To parse and plan it anew
/// takes PostgreSQL twice the time of all else.
bool is_common(const query::Query& query) {
    const bool is_plain = query.form == query::Form::json && !query.members &&
                          query.words.empty() && !query.is_sorted && !query.after;
    return is_plain &&
           (query.filters.empty() ||
            (query.filters.size() == 1 && is_range_of_index(query.filters.front(), query.order)));
}

}  // namespace

Statement Statements::list(const List& list, const query::Query& query, int limit) const {
    query::Values values;
    const std::string record = query.form == query::Form::csv ? row_csv(resource_, query)
                               : query.members ? row_json(resource_, query.members, values)
                                               : json_;
    const std::string position =
        query.limit == 0 ? std::string() : query::position_columns(resource_, query);
    const auto chosen = query::selection(resource_, rows_of(list), query, limit, values);
    return {.sql = chosen.with + "SELECT " + record + position + chosen.rest,
            .values = values.take(),
            .is_repeated = is_common(query)};
}

Statement Statements::end_of_page(const List& list, const query::Query& query) const {
    query::Values values;
    const std::string position = query::position_columns(resource_, query);
    const auto chosen = query::selection(resource_, rows_of(list), query, query.limit + 1, values);
    return {.sql = fmt::format("{}SELECT {}{} OFFSET {}::bigint", chosen.with,
                               std::string_view(position).substr(2), chosen.rest,
                               values.add(std::to_string(query.limit - 1))),
            .values = values.take(),
            .is_repeated = false};
}

Statement Statements::count(const List& list, const query::Query& query) const {
    query::Values values;
    return {.sql = "SELECT count(*)" + query::counted(resource_, rows_of(list), query, values),
            .values = values.take(),
            .is_repeated = false};
}

}  // namespace larder
