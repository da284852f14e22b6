#include "admin/adopted_field.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <variant>

#include "admin/adopted_key.hpp"
#include "admin/constant_default.hpp"

namespace larder::admin {

namespace {

/// The attributes that say the rules of a type, after `type = "…"`.
struct RulesInToml {
    std::string operator()(const Text& text) const {
        std::string toml = R"(type = "text")";
        if (text.shortest > 0) toml += fmt::format(", min = {}", text.shortest);
        if (text.longest != Text::no_limit) toml += fmt::format(", max = {}", text.longest);
        if (text.alphabet == Alphabet::identifier) toml += R"(, alphabet = "identifier")";
        return toml;
    }
    std::string operator()(const Integer& integer) const {
        std::string toml = R"(type = "integer")";
        if (integer.least != Integer{}.least) toml += fmt::format(", min = {}", integer.least);
        if (integer.most != Integer{}.most) toml += fmt::format(", max = {}", integer.most);
        return toml;
    }
    std::string operator()(const Decimal& decimal) const {
        std::string toml = R"(type = "decimal")";
        if (!decimal.least.empty()) toml += fmt::format(R"(, min = "{}")", decimal.least);
        if (!decimal.most.empty()) toml += fmt::format(R"(, max = "{}")", decimal.most);
        if (decimal.digits) toml += fmt::format(", digits = {}", *decimal.digits);
        if (decimal.scale) toml += fmt::format(", scale = {}", *decimal.scale);
        return toml;
    }
    std::string operator()(const Enum& type) const {
        std::string values;
        for (const std::string& value : type.values) {
            values += (values.empty() ? "" : ", ") + toml_string(value);
        }
        return fmt::format(R"(type = "enum", values = [{}])", values);
    }
    std::string operator()(const Boolean&) const { return R"(type = "boolean")"; }
    std::string operator()(const Date&) const { return R"(type = "date")"; }
    std::string operator()(const Timestamp&) const { return R"(type = "timestamp")"; }
    std::string operator()(const DateTime&) const { return R"(type = "datetime")"; }
    std::string operator()(const Float&) const { return R"(type = "float")"; }
    std::string operator()(const Uuid&) const { return R"(type = "uuid")"; }
    std::string operator()(const Json&) const { return R"(type = "json")"; }
    std::string operator()(const Reference&) const { return {}; }  // stands in no table
    std::string operator()(const Other&) const { return R"(type = "other")"; }
};

class FieldWriter {
public:
    FieldWriter(const Table& table, const Column& column, std::string name)
        : table_(table), column_(column) {
        field_.name = std::move(name);
    }

    AdoptedField write(const std::optional<AdoptedReference>& reference) {
        toml_ = type(reference);
        const bool is_read_only = !column_.rules || column_.is_generated || column_.is_identity;
        if (is_read_only) {
            toml_ += ", read_only = true";
            field_.blocks_creation = column_.is_required && !gives_value(column_);
        }
        if (!column_.is_required) toml_ += ", optional = true";
        if (is_read_only) {
            if (has_unique()) comment("unique in the database, and given by it");
        } else {
            write_unique(reference.has_value());
            write_default(reference.has_value());
        }
        if (column_.name != field_.name) toml_ += ", column = " + toml_string(column_.name);
        if (!column_.comment.empty()) toml_ += ", meaning = " + toml_string(column_.comment);
        write_checks();
        field_.line = fmt::format("{} = {{ {} }}", field_.name, toml_);
        return std::move(field_);
    }

private:
    std::string type(const std::optional<AdoptedReference>& reference) {
        if (!column_.rules) {
            comment(
                fmt::format("a column of the type {}, which is only for reading", column_.type));
            return R"(type = "other")";
        }
        if (!reference) return std::visit(RulesInToml{}, *column_.rules);
        std::string toml = fmt::format(R"(type = "reference", to = "{}")", reference->to);
        if (reference->on_delete == OnDelete::cascade) toml += R"(, on_delete = "cascade")";
        if (reference->on_delete == OnDelete::set_null) toml += R"(, on_delete = "clear")";
        return toml;
    }

    bool has_unique() const {
        return std::ranges::any_of(table_.uniques, [&](const Unique& unique) {
            return unique.is_valid && unique.columns == std::vector{column_.name};
        });
    }

    // The duplicate check compares the text that a client sends with that of the row, and inserts
    // with ON CONFLICT. PostgreSQL refuses duplicates all the same.
    void write_unique(bool is_reference) {
        if (!has_unique()) return;
        const bool is_possible = is_reference || std::holds_alternative<Text>(*column_.rules) ||
                                 std::holds_alternative<Integer>(*column_.rules) ||
                                 std::holds_alternative<Uuid>(*column_.rules) ||
                                 std::holds_alternative<Enum>(*column_.rules);
        const bool is_late = std::ranges::any_of(table_.indexes, &Index::is_deferrable);
        std::string_view why;
        if (!is_possible || !column_.has_one_text) {
            why = "equal values can have different texts";
        } else if (is_late) {
            why = "the table has a constraint that is DEFERRABLE";
        } else if (table_.has_row_triggers) {
            why = "a trigger may change the value (if none does, add unique = true)";
        }
        if (!why.empty()) {
            return comment(fmt::format(
                "unique in the database, so that a duplicate gets 409; not here, because {}", why));
        }
        field_.is_unique = true;
        toml_ += ", unique = true";
    }

    void write_default(bool is_reference) {
        if (!gives_value(column_)) return;
        const bool is_value = !field_.is_unique && !is_reference;
        const auto constant =
            is_value ? constant_default(*column_.rules, column_.base_type, *column_.default_sql)
                     : std::nullopt;
        toml_ += constant ? ", default = " + *constant : ", database_default = true";
    }

    void write_checks() {
        for (const Check& check : table_.checks) {
            if (!check.is_understood && check.columns == std::vector{column_.name}) {
                comment(fmt::format("the database also demands {}", check.expression));
            }
        }
        if (column_.has_unknown_rule) {
            comment(fmt::format("the domain {} demands more", column_.type));
        }
    }

    void comment(std::string text) { field_.comments.push_back(std::move(text)); }

    const Table& table_;
    const Column& column_;
    std::string toml_;
    AdoptedField field_;
};

}  // namespace

AdoptedField adopted_field(const Table& table, const Column& column, std::string name,
                           const std::optional<AdoptedReference>& reference) {
    return FieldWriter(table, column, std::move(name)).write(reference);
}

}  // namespace larder::admin
