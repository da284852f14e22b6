#include "admin/adopt.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <optional>
#include <set>
#include <string_view>
#include <utility>

#include "admin/adopted_field.hpp"
#include "admin/adopted_key.hpp"
#include "admin/adopted_names.hpp"
#include "admin/constant_default.hpp"
#include "admin/sql_text.hpp"
#include "catalog/description.hpp"
#include "catalog/names.hpp"
#include "catalog/references.hpp"

namespace larder::admin {

namespace {

/// A table that a reference can lead to.
struct Target {
    std::string resource;
    std::string id_column;
};

using Targets = std::map<std::pair<std::string, std::string>, Target>;  // by schema and name

/// A table that can be described, as far as is known before the references are.
struct Candidate {
    const Table* table;
    AdoptedKey key;
    std::string name;
    std::string title;
    bool may_cascade = true;  ///< false: a circle of references would be closed here
};

/// `text` as one line of a comment.
std::string comment_line(std::string_view text) {
    std::string line = "# ";
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        line += byte < 0x20 || byte == 0x7F ? ' ' : c;
    }
    return line + '\n';
}

/// Why a table cannot be described, whatever its columns are; empty: it can.
std::string unusable(const Table& table) {
    if (table.is_view) {
        return "is a view or a foreign table: PostgreSQL's log does not name its rows, and caches"
               " would go stale; adopt the tables that it reads";
    }
    if (table.is_parted) {
        return "has partitions or children, by whose names PostgreSQL's log tells of its rows, and"
               " caches would go stale; adopt the partitions, each as a resource";
    }
    if (table.columns.size() < 2) {
        return "has no column but its key, and a record without fields is kept in a column `data`;"
               " add a column";
    }
    return {};
}

class DescriptionWriter {
public:
    DescriptionWriter(const Candidate& candidate, const Targets& targets)
        : candidate_(candidate), table_(*candidate.table), key_(candidate.key), targets_(targets) {
        adopted_.name = candidate.name;
        adopted_.is_own = table_.is_own;
    }

    Adopted write() {
        const std::string fields = written_fields();
        std::string& text = adopted_.text;
        text = comment_line(fmt::format("The table {}.", sql_name(table_)));
        if (!table_.comment.empty()) text += comment_line(table_.comment);
        write_abilities();
        text += fmt::format("title = {}\n", toml_string(candidate_.title));
        text += written_id();
        if (table_.name != adopted_.name) text += "table = " + toml_string(table_.name) + '\n';
        if (table_.schema != "public") text += "schema = " + toml_string(table_.schema) + '\n';
        if (is_read_only_) {
            text += "read_only = true\n";
        } else if (!key_.has_default && key_.type == IdType::integer) {
            text += "create = false\n";
        }
        text += "\n[fields]\n" + fields;
        write_further_checks();
        write_statements();
        return std::move(adopted_);
    }

private:
    std::string written_fields() {
        std::string text;
        std::set<std::string, std::less<>> taken;
        for (const Column& column : table_.columns) {
            if (column.name == key_.column) continue;
            auto field =
                adopted_field(table_, column, field_name(column.name, taken), reference_of(column));
            taken.insert(field.name);
            for (const std::string& comment : field.comments) {
                text += comment_line(fmt::format("{}: {}.", field.name, comment));
            }
            text += field.line + '\n';
            has_unique_ = has_unique_ || field.is_unique;
            if (field.blocks_creation) {
                is_read_only_ = true;
                blocking_ += (blocking_.empty() ? "" : ", ") + quoted_identifier(column.name);
            }
        }
        return text;
    }

    /// A foreign key that changes rows of this resource when one of another is removed, and that no
    /// reference can say, has to go: caches would not follow it.
    std::optional<AdoptedReference> reference_of(const Column& column) {
        for (const ForeignKey& key : table_.foreign_keys) {
            if (key.column != column.name) continue;
            const auto target = targets_.find({key.to_schema, key.to_table});
            if (target == targets_.end()) continue;
            const bool is_reference = target->second.id_column == key.to_column && column.rules &&
                                      !column.is_generated && !column.is_identity;
            AdoptedReference reference{.to = target->second.resource, .on_delete = key.on_delete};
            if (!is_reference || !can_say(key, column)) {
                if (changes_rows(key.on_delete)) replaced_.push_back(&key);
                reference.on_delete = OnDelete::no_action;
            }
            if (is_reference) return reference;
        }
        return std::nullopt;
    }

    static bool changes_rows(OnDelete action) {
        return action != OnDelete::no_action && action != OnDelete::restrict;
    }

    bool can_say(const ForeignKey& key, const Column& column) const {
        if (key.on_delete == OnDelete::set_default) return false;
        if (key.on_delete == OnDelete::set_null) return !column.is_required;
        return key.on_delete != OnDelete::cascade || candidate_.may_cascade;
    }

    std::string written_id() const {
        const std::string type = key_.type == IdType::uuid ? "uuid" : "integer";
        const bool generates = key_.type == IdType::uuid && !key_.has_default;
        if (key_.column == "id" && !generates) return fmt::format("id = \"{}\"\n", type);
        std::string id = fmt::format("id = {{ type = \"{}\"", type);
        if (key_.column != "id") id += ", column = " + toml_string(key_.column);
        if (generates) id += ", generate = true";
        return id + " }\n";
    }

    void write_abilities() {
        std::string& text = adopted_.text;
        if (is_read_only_) {
            text += comment_line(fmt::format(
                "Read only: a new row needs a value for {}, which no client can send and the"
                " database does not give.",
                blocking_));
            if (table_.has_row_triggers) {
                text +=
                    comment_line("If a trigger of the table gives it, remove `read_only` below.");
            }
        } else if (!key_.has_default && key_.type == IdType::integer) {
            text += comment_line(fmt::format(
                "No new records: the column {} has no default. To get them, give it one in the"
                " database, such as a sequence, and remove `create` below.",
                quoted_identifier(key_.column)));
        }
    }

    void write_further_checks() {
        for (const Check& check : table_.checks) {
            if (check.columns.size() == 1) continue;  // stands at its field
            adopted_.text +=
                comment_line(fmt::format("The database also demands {}.", check.expression));
        }
        for (const Unique& unique : table_.uniques) {
            if (unique.columns.size() < 2) continue;
            adopted_.text += comment_line(
                fmt::format("The database lets no two records have the same {}, and answers 409.",
                            sql_columns(unique.columns)));
        }
        for (const WideForeignKey& key : table_.wide_foreign_keys) {
            adopted_.text += comment_line(fmt::format(
                "The columns {} together refer to {} ({}), which no field can say: the database"
                " answers 422 where there is no such row.",
                sql_columns(key.columns), sql_table(key.to_schema, key.to_table),
                sql_columns(key.to_columns)));
        }
    }

    // The identity comes first: PostgreSQL refuses changes of a published table that has none.
    void write_statements() {
        auto& statements = adopted_.statements;
        const std::string name = sql_name(table_);
        for (const ForeignKey* key : replaced_) {
            statements.push_back(fmt::format(
                "ALTER TABLE {0} DROP CONSTRAINT {1}, ADD CONSTRAINT {1} FOREIGN KEY ({2})"
                " REFERENCES {3}.{4} ({5})",
                name, quoted_identifier(key->name), quoted_identifier(key->column),
                quoted_identifier(key->to_schema), quoted_identifier(key->to_table),
                quoted_identifier(key->to_column)));
        }
        // Removals that no reference says have to go, as in reference_of.
        for (const WideForeignKey& key : table_.wide_foreign_keys) {
            const bool is_followed = targets_.contains({key.to_schema, key.to_table});
            if (!is_followed || !changes_rows(key.on_delete)) continue;
            statements.push_back(fmt::format(
                "ALTER TABLE {0} DROP CONSTRAINT {1}, ADD CONSTRAINT {1} FOREIGN KEY ({2})"
                " REFERENCES {3} ({4})",
                name, quoted_identifier(key.name), sql_columns(key.columns),
                sql_table(key.to_schema, key.to_table), sql_columns(key.to_columns)));
        }
        const bool needs_old_row = has_unique_ || !key_.is_primary;
        if (needs_old_row && !table_.is_replica_identity_full) {
            statements.push_back(fmt::format("ALTER TABLE {} REPLICA IDENTITY FULL", name));
        }
        if (!table_.is_published) {
            statements.push_back(fmt::format("ALTER PUBLICATION larder ADD TABLE {}", name));
        }
    }

    const Candidate& candidate_;
    const Table& table_;
    const AdoptedKey& key_;
    const Targets& targets_;
    Adopted adopted_;
    bool has_unique_ = false;
    bool is_read_only_ = false;
    std::string blocking_;
    std::vector<const ForeignKey*> replaced_;
};

/// A resource with the places of its references, which are of no use here.
Described with_places(const Resource& resource) {
    Described described{.file = resource.name, .description = {.resource = resource}};
    for (const Field& field : resource.fields) {
        if (field.reference() != nullptr) {
            described.description.references.push_back({.field = field.name});
        }
    }
    return described;
}

class Adopter {
public:
    explicit Adopter(std::span<const Resource> described)
        : described_(described), names_(described) {
        for (const Resource& one : described) {
            targets_.insert({{one.schema, one.table_name()}, {one.name, one.id_column}});
        }
    }

    Adoption adopt(std::span<const Table> tables) {
        for (const Table& table : tables) consider(table);
        while (!describe_all()) {
        }
        return std::move(adoption_);
    }

private:
    void consider(const Table& table) {
        const auto taken = targets_.find({table.schema, table.name});
        if (taken != targets_.end()) {
            return refuse(table, fmt::format("is the table of the resource {} already",
                                             taken->second.resource));
        }
        if (auto why = unusable(table); !why.empty()) return refuse(table, std::move(why));
        auto key = key_of(table);
        if (!key) return refuse(table, std::move(key.error()));
        const std::string name = names_.resource(table.schema, table.name);
        candidates_.push_back({&table, *key, name, names_.title(name)});
        targets_.insert({{table.schema, table.name}, {name, key->column}});
    }

    void refuse(const Table& table, std::string why) {
        adoption_.refused.push_back({sql_name(table), std::move(why)});
    }

    /// False: a table was given up, or a cascade, and the others have to be described again.
    bool describe_all() {
        adoption_.adopted.clear();
        std::vector<Described> all;
        for (const Resource& one : described_) all.push_back(with_places(one));
        for (auto candidate = candidates_.begin(); candidate != candidates_.end(); ++candidate) {
            Adopted adopted = DescriptionWriter(*candidate, targets_).write();
            auto description = read_description(adopted.name, adopted.text);
            if (!description) {
                give_up(candidate, description.error().front().text);
                return false;
            }
            all.push_back({adopted.name, std::move(*description)});
            adoption_.adopted.push_back(std::move(adopted));
        }
        for (const Mistake& mistake : resolve_references(all, {})) {
            const auto candidate = std::ranges::find(candidates_, mistake.file, &Candidate::name);
            if (candidate == candidates_.end()) continue;
            if (!std::exchange(candidate->may_cascade, false)) give_up(candidate, mistake.text);
            return false;
        }
        return true;
    }

    void give_up(std::vector<Candidate>::iterator candidate, const std::string& why) {
        const Table& table = *candidate->table;
        refuse(table, fmt::format("cannot be described ({})", why));
        targets_.erase({table.schema, table.name});
        candidates_.erase(candidate);
    }

    std::span<const Resource> described_;
    AdoptedNames names_;
    Targets targets_;
    std::vector<Candidate> candidates_;
    Adoption adoption_;
};

}  // namespace

Adoption adopt(std::span<const Table> tables, std::span<const Resource> described) {
    return Adopter(described).adopt(tables);
}

}  // namespace larder::admin
