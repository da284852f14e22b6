#include "admin/read_tables.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <iterator>
#include <map>
#include <string_view>
#include <utility>

#include "admin/check_rules.hpp"
#include "catalog/names.hpp"
#include "number.hpp"

namespace larder::admin {

namespace {

std::string array_of(std::span<const TableName> names, std::string TableName::* part) {
    std::vector<std::string> texts;
    texts.reserve(names.size());
    for (const TableName& name : names) texts.push_back(name.*part);
    return quoted_array(texts);
}

// The table expressions that the statements share. Parameters are schemas and names.
constexpr std::string_view wanted =
    "WITH RECURSIVE r AS (SELECT c.*, n.nspname, w.place FROM unnest($1::text[], $2::text[])"
    " WITH ORDINALITY AS w (schema, name, place)"
    " JOIN pg_namespace AS n ON n.nspname = w.schema"
    " JOIN pg_class AS c ON c.relnamespace = n.oid AND c.relname = w.name"
    " WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f'))";

// A domain may be one over another; `depth` counts the steps from the column to its base.
constexpr std::string_view of_domains =
    "d AS (SELECT DISTINCT a.atttypid AS of, t.oid, t.typbasetype, t.typtypmod, t.typnotnull,"
    " 1 AS depth FROM r JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attnum > 0"
    " AND NOT a.attisdropped JOIN pg_type AS t ON t.oid = a.atttypid AND t.typtype = 'd'"
    " UNION ALL SELECT d.of, t.oid, t.typbasetype, t.typtypmod, t.typnotnull, d.depth + 1"
    " FROM d JOIN pg_type AS t ON t.oid = d.typbasetype AND t.typtype = 'd')";

constexpr std::string_view of_bases =
    "b AS (SELECT DISTINCT ON (d.of) d.of, d.typbasetype AS type, d.typtypmod AS modifier,"
    " bool_or(d.typnotnull) OVER (PARTITION BY d.of) AS is_required FROM d"
    " ORDER BY d.of, d.depth DESC)";

// ROW and BEFORE are the bits 1 and 2 of a trigger, INSERT and UPDATE 4 and 16.
constexpr std::string_view tables_sql =
    "SELECT r.oid, r.nspname, r.relname, r.relkind IN ('v', 'm', 'f'),"
    " r.relkind = 'p' OR EXISTS (SELECT FROM pg_inherits AS i WHERE i.inhparent = r.oid),"
    " r.relreplident = 'f', EXISTS (SELECT FROM pg_publication_tables AS p"
    " WHERE p.pubname = 'larder' AND p.schemaname = r.nspname AND p.tablename = r.relname),"
    " pg_has_role(r.relowner, 'USAGE'), r.reltuples,"
    " CASE WHEN r.relkind IN ('r', 'm') THEN pg_total_relation_size(r.oid) ELSE 0 END,"
    " obj_description(r.oid, 'pg_class'), EXISTS (SELECT FROM pg_trigger AS g"
    " WHERE g.tgrelid = r.oid AND NOT g.tgisinternal AND g.tgenabled <> 'D'"
    " AND g.tgtype & 3 = 3 AND g.tgtype & 20 <> 0) FROM r ORDER BY r.place";

constexpr std::string_view columns_sql =
    "SELECT r.oid, a.attnum, a.attname, format_type(a.atttypid, a.atttypmod),"
    " format_type(t.oid, COALESCE(b.modifier, a.atttypmod)),"
    " a.attnotnull OR COALESCE(b.is_required, false), pg_get_expr(f.adbin, f.adrelid),"
    " a.attgenerated <> '', a.attidentity <> '',"
    " t.oid <> 'bpchar'::regtype AND t.typname <> 'citext'"
    " AND COALESCE(l.collisdeterministic, true), o.description, a.atttypid,"
    " CASE WHEN t.typtype = 'e' THEN t.oid END,"
    " CASE WHEN a.attcollation <> t.typcollation THEN a.attcollation::regcollation END,"
    " t.oid = 'tsvector'::regtype AND EXISTS"
    " (SELECT FROM pg_trigger AS g JOIN pg_proc AS p ON p.oid = g.tgfoid"
    " WHERE g.tgrelid = r.oid AND g.tgenabled <> 'D' AND g.tgtype & 7 = 7"
    " AND p.proname LIKE 'tsvector_update_trigger%' AND p.pronamespace = 'pg_catalog'::regnamespace"
    " AND split_part(encode(g.tgargs, 'escape'), '\\000', 1) = a.attname)"
    " FROM r JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attnum > 0 AND NOT a.attisdropped"
    " LEFT JOIN b ON b.of = a.atttypid JOIN pg_type AS t ON t.oid = COALESCE(b.type, a.atttypid)"
    " LEFT JOIN pg_description AS o ON o.objoid = r.oid AND o.classoid = 'pg_class'::regclass"
    " AND o.objsubid = a.attnum"
    " LEFT JOIN pg_attrdef AS f ON f.adrelid = r.oid AND f.adnum = a.attnum"
    " LEFT JOIN pg_collation AS l ON l.oid = a.attcollation ORDER BY r.oid, a.attnum";

constexpr std::string_view domain_checks_sql =
    "SELECT d.of, pg_get_expr(c.conbin, 0) FROM d JOIN pg_constraint AS c"
    " ON c.contypid = d.oid AND c.contype = 'c' ORDER BY d.of, d.depth DESC, c.conname";

constexpr std::string_view labels_sql =
    "SELECT e.enumtypid, e.enumlabel FROM pg_enum AS e ORDER BY e.enumtypid, e.enumsortorder";

constexpr std::string_view checks_sql =
    "SELECT r.oid, c.conname, pg_get_expr(c.conbin, c.conrelid), c.convalidated, a.attname"
    " FROM r JOIN pg_constraint AS c ON c.conrelid = r.oid AND c.contype = 'c'"
    " LEFT JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attnum = ANY (c.conkey)"
    " ORDER BY r.oid, c.conname, a.attnum";

// One row for each column.
constexpr std::string_view foreign_keys_sql =
    "SELECT r.oid, c.conname, a.attname, n.nspname, t.relname, b.attname, c.confdeltype,"
    " c.convalidated FROM r JOIN pg_constraint AS c ON c.conrelid = r.oid AND c.contype = 'f'"
    " AND c.conparentid = 0 CROSS JOIN generate_subscripts(c.conkey, 1) AS p"
    " JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attnum = c.conkey[p]"
    " JOIN pg_class AS t ON t.oid = c.confrelid JOIN pg_namespace AS n ON n.oid = t.relnamespace"
    " JOIN pg_attribute AS b ON b.attrelid = t.oid AND b.attnum = c.confkey[p]"
    " ORDER BY r.oid, c.conname, p";

// One row for each column; an expression has the number 0 and no name.
constexpr std::string_view indexes_sql =
    "SELECT r.oid, x.relname, pg_get_indexdef(x.oid), i.indisprimary, i.indisunique,"
    " i.indpred IS NOT NULL, i.indisvalid, m.amname, c.oid IS NOT NULL, NOT i.indimmediate,"
    " a.attname FROM r JOIN pg_index AS i ON i.indrelid = r.oid"
    " JOIN pg_class AS x ON x.oid = i.indexrelid JOIN pg_am AS m ON m.oid = x.relam"
    " LEFT JOIN pg_constraint AS c ON c.conindid = x.oid AND c.conrelid = r.oid"
    " AND c.contype IN ('p', 'u')"
    " CROSS JOIN generate_series(0, i.indnkeyatts - 1) AS p"
    " LEFT JOIN pg_attribute AS a ON a.attrelid = r.oid AND a.attnum = i.indkey[p]"
    " ORDER BY r.oid, x.relname, p";

bool is_true(const std::optional<std::string>& value) { return value == "t"; }

OnDelete on_delete_of(std::string_view letter) {
    if (letter == "r") return OnDelete::restrict;
    if (letter == "c") return OnDelete::cascade;
    if (letter == "n") return OnDelete::set_null;
    if (letter == "d") return OnDelete::set_default;
    return OnDelete::no_action;
}

/// A check that waits for the rules of the others (admin/check_rules.hpp).
struct Pending {
    std::string expression;
    bool is_understood = false;
};

std::vector<Pending*> places_of(std::vector<Pending>& checks) {
    std::vector<Pending*> places;
    places.reserve(checks.size());
    for (Pending& check : checks) places.push_back(&check);
    return places;
}

void add_all(FieldType& rules, const CheckedColumn& column, const std::vector<Pending*>& checks) {
    for (bool is_progress = true; is_progress;) {
        is_progress = false;
        for (Pending* check : checks) {
            if (check->is_understood) continue;
            check->is_understood = add_check(rules, column, check->expression);
            is_progress = is_progress || check->is_understood;
        }
    }
}

class TableReader {
public:
    TableReader(Session& session, std::span<const TableName> names)
        : session_(session),
          parameters_({array_of(names, &TableName::schema), array_of(names, &TableName::name)}) {}

    Expected<std::vector<Table>> read() {
        if (auto done = read_all(); !done) return std::unexpected(std::move(done.error()));
        for (Table& table : tables_) understand(table);
        return std::move(tables_);
    }

private:
    using Take = void (TableReader::*)(Row&);

    // In an order in which each finds what it needs of those before.
    Expected<void> read_all() {
        const std::string domains = fmt::format("{}, {}", wanted, of_domains);
        const std::pair<std::string, Take> questions[] = {
            {fmt::format("{} {}", wanted, tables_sql), &TableReader::add_table},
            {std::string(labels_sql), &TableReader::add_label},
            {fmt::format("{} {}", domains, domain_checks_sql), &TableReader::add_domain_check},
            {fmt::format("{}, {} {}", domains, of_bases, columns_sql), &TableReader::add_column},
            {fmt::format("{} {}", wanted, checks_sql), &TableReader::add_check_row},
            {fmt::format("{} {}", wanted, foreign_keys_sql), &TableReader::add_foreign_key},
            {fmt::format("{} {}", wanted, indexes_sql), &TableReader::add_index}};
        for (const auto& [sql, take] : questions) {
            const bool has_parameters = sql != labels_sql;
            auto rows = session_.read(
                {sql, has_parameters ? parameters_ : std::vector<std::optional<std::string>>{},
                 false});
            if (!rows) return std::unexpected(std::move(rows.error()));
            for (Row& row : *rows) (this->*take)(row);
        }
        return {};
    }

    static std::string text(Row& row, std::size_t at) { return std::move(row[at]).value_or(""); }

    Table* table_of(const Row& row) {
        const auto found = places_.find(row[0].value_or(""));
        return found == places_.end() ? nullptr : &tables_[found->second];
    }

    void add_table(Row& row) {
        places_.emplace(text(row, 0), tables_.size());
        Table table{.schema = text(row, 1), .name = text(row, 2), .comment = text(row, 10)};
        table.is_view = is_true(row[3]);
        table.is_parted = is_true(row[4]);
        table.is_replica_identity_full = is_true(row[5]);
        table.is_published = is_true(row[6]);
        table.is_own = is_true(row[7]);
        table.rows = std::strtod(text(row, 8).c_str(), nullptr);
        table.has_row_triggers = is_true(row[11]);
        table.bytes = to_number<std::int64_t>(text(row, 9)).value_or(0);
        tables_.push_back(std::move(table));
    }

    void add_label(Row& row) { labels_[text(row, 0)].push_back(text(row, 1)); }

    void add_domain_check(Row& row) {
        domain_checks_[text(row, 0)].push_back({.expression = text(row, 1)});
    }

    void add_column(Row& row) {
        Table* table = table_of(row);
        if (table == nullptr) return;
        Column column{.name = text(row, 2), .type = text(row, 3), .base_type = text(row, 4)};
        column.is_required = is_true(row[5]);
        column.is_generated = is_true(row[7]);
        if (!column.is_generated) column.default_sql = std::move(row[6]);
        column.is_identity = is_true(row[8]);
        column.has_one_text = is_true(row[9]);
        column.comment = text(row, 10);
        column.collation = text(row, 13);
        column.is_filled = is_true(row[14]);
        const auto labels = labels_.find(text(row, 12));
        column.rules =
            rules_of_type(column.base_type,
                          labels == labels_.end() ? std::vector<std::string>{} : labels->second);
        if (const auto checks = domain_checks_.find(text(row, 11));
            checks != domain_checks_.end()) {
            column.has_unknown_rule = !add_domain(column, checks->second);
        }
        table->columns.push_back(std::move(column));
    }

    /// False: a check of the domain is not understood.
    static bool add_domain(Column& column, const std::vector<Pending>& checks) {
        if (!column.rules) return false;
        std::vector<Pending> pending = checks;
        add_all(*column.rules, {"VALUE", column.base_type, column.has_one_text},
                places_of(pending));
        return std::ranges::all_of(pending, &Pending::is_understood);
    }

    void add_check_row(Row& row) {
        Table* table = table_of(row);
        if (table == nullptr) return;
        if (table->checks.empty() || table->checks.back().name != row[1]) {
            table->checks.push_back({.name = text(row, 1),
                                     .expression = text(row, 2),
                                     .columns = {},
                                     .is_validated = is_true(row[3])});
        }
        if (row[4]) table->checks.back().columns.push_back(text(row, 4));
    }

    void add_foreign_key(Row& row) {
        Table* table = table_of(row);
        if (table == nullptr) return;
        auto& keys = table->wide_foreign_keys;
        if (keys.empty() || keys.back().name != row[1]) {
            keys.push_back({.name = text(row, 1),
                            .to_schema = text(row, 3),
                            .to_table = text(row, 4),
                            .on_delete = on_delete_of(text(row, 6)),
                            .is_validated = is_true(row[7])});
        }
        keys.back().columns.push_back(text(row, 2));
        keys.back().to_columns.push_back(text(row, 5));
    }

    /// All are read as if they had several columns.
    static void part_foreign_keys(Table& table) {
        for (const WideForeignKey& key : table.wide_foreign_keys) {
            if (key.columns.size() > 1) continue;
            table.foreign_keys.push_back({.name = key.name,
                                          .column = key.columns[0],
                                          .to_schema = key.to_schema,
                                          .to_table = key.to_table,
                                          .to_column = key.to_columns[0],
                                          .on_delete = key.on_delete,
                                          .is_validated = key.is_validated});
        }
        std::erase_if(table.wide_foreign_keys,
                      [](const WideForeignKey& key) { return key.columns.size() == 1; });
    }

    void add_index(Row& row) {
        Table* table = table_of(row);
        if (table == nullptr) return;
        const std::string column = text(row, 10);
        const bool is_key = is_true(row[3]);
        if (is_key) table->key.push_back(column);
        if (!table->indexes.empty() && table->indexes.back().name == row[1]) {
            table->indexes.back().columns.push_back(column);
        } else {
            table->indexes.push_back({.name = text(row, 1),
                                      .columns = {column},
                                      .definition = text(row, 2),
                                      .is_unique = is_true(row[4]),
                                      .is_partial = is_true(row[5]),
                                      .is_valid = is_true(row[6]),
                                      .is_deferrable = is_true(row[9]),
                                      .access_method = text(row, 7)});
            const Index& index = table->indexes.back();
            if (!is_key && index.is_unique && !index.is_partial) {
                table->uniques.push_back({.name = index.name,
                                          .columns = {},
                                          .is_constraint = is_true(row[8]),
                                          .is_deferrable = is_true(row[9]),
                                          .is_valid = index.is_valid});
            }
        }
        if (!table->uniques.empty() && table->uniques.back().name == table->indexes.back().name) {
            table->uniques.back().columns.push_back(column);
        }
    }

    static void understand(Table& table) {
        part_foreign_keys(table);
        std::erase_if(table.uniques, [](const Unique& unique) {
            return std::ranges::find(unique.columns, "") != unique.columns.end();
        });
        for (Column& column : table.columns) {
            if (!column.rules) continue;
            std::vector<Pending> pending;
            std::vector<Check*> checks;
            for (Check& check : table.checks) {
                if (check.columns.size() != 1 || check.columns[0] != column.name) continue;
                pending.push_back({.expression = check.expression});
                checks.push_back(&check);
            }
            add_all(*column.rules, {column.name, column.base_type, column.has_one_text},
                    places_of(pending));
            for (std::size_t i = 0; i < checks.size(); ++i) {
                checks[i]->is_understood = pending[i].is_understood;
            }
        }
    }

    Session& session_;
    const std::vector<std::optional<std::string>> parameters_;
    std::vector<Table> tables_;
    std::map<std::string, std::size_t> places_;  // by oid
    std::map<std::string, std::vector<std::string>> labels_;
    std::map<std::string, std::vector<Pending>> domain_checks_;
};

}  // namespace

Expected<std::vector<Table>> read_tables(Session& session, std::span<const TableName> names) {
    return TableReader(session, names).read();
}

Expected<std::vector<TableName>> table_names(Session& session) {
    auto rows = session.read(
        once("SELECT n.nspname, c.relname FROM pg_class AS c JOIN pg_namespace AS n"
             " ON n.oid = c.relnamespace WHERE c.relkind IN ('r', 'p', 'v', 'm', 'f')"
             " AND n.nspname !~ '^pg_' AND n.nspname NOT IN ('information_schema', 'larder',"
             " 'sqitch') AND NOT c.relispartition ORDER BY 1, 2"));
    if (!rows) return std::unexpected(std::move(rows.error()));
    std::vector<TableName> names;
    for (Row& row : *rows) {
        names.push_back({std::move(row[0]).value_or(""), std::move(row[1]).value_or("")});
    }
    return names;
}

}  // namespace larder::admin
