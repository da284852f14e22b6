#include "catalog/field_description.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <utility>

#include "catalog/names.hpp"
#include "catalog/sql_expression.hpp"
#include "catalog/values.hpp"
#include "json/decimal.hpp"
#include "json/text.hpp"

namespace larder {

namespace {

using Words = std::vector<std::string_view>;

// Attributes of a field of any type.
constexpr std::array<std::string_view, 13> common_keys = {
    "type", "optional", "default", "database_default", "unique", "read_only", "column",
    "fill", "meaning",  "example", "filter",           "sort",   "search"};
constexpr std::array<std::string_view, 13> types = {
    "text",  "integer", "decimal", "boolean", "date",  "timestamp", "datetime",
    "float", "uuid",    "enum",    "json",    "other", "reference"};

// Those whose values have one text each, by which the duplicate check compares.
constexpr std::array<std::string_view, 5> unique_types = {"text", "integer", "uuid", "enum",
                                                          "reference"};

/// Whether `text` is a JSON number that can be stored.
bool is_number(std::string_view text) {
    const auto document = json::parse(text);
    return document && document->root == json::Type::number && !text.empty() &&
           text.find_first_of(" \t\r\n") == text.npos && is_storable(text);
}

class FieldReader {
public:
    FieldReader(std::string_view name, const toml::table& table, Mistakes& mistakes)
        : name_(name), reader_(table, mistakes) {}

    std::optional<Field> read() {
        const auto before = reader_.mistakes().count();
        if (!reader_.has("type")) {
            reader_.refuse("type",
                           fmt::format("{} has no type; add type = \"text\", or another of {}",
                                       shown(name_), alternatives(types)));
            return std::nullopt;
        }
        const auto type = reader_.text("type");
        if (!type) return std::nullopt;
        const auto known = reader_.one_of("type", types);
        if (!known) return std::nullopt;
        Field field{.name = std::string(name_), .type = read_type(*known)};
        read_attributes(field, *known);
        if (reader_.mistakes().count() != before) return std::nullopt;
        read_values(field);
        return field;
    }

private:
    void check_keys(Words of_type) {
        of_type.insert(of_type.end(), common_keys.begin(), common_keys.end());
        if (reader_.has("required")) {
            reader_.refuse("required",
                           "`required` is not a known key: a field is required unless"
                           " it has optional = true");
            of_type.emplace_back("required");
        }
        reader_.check_keys(of_type, {});
    }

    FieldType read_type(std::string_view type) {
        if (type == "text") return read_text();
        if (type == "integer") return read_integer();
        if (type == "decimal") return read_decimal();
        if (type == "enum") return read_enum();
        if (type == "reference") return read_reference();
        check_keys({});
        if (type == "boolean") return Boolean{};
        if (type == "date") return Date{};
        if (type == "timestamp") return Timestamp{};
        if (type == "datetime") return DateTime{};
        if (type == "float") return Float{};
        if (type == "uuid") return Uuid{};
        if (type == "other") return Other{};
        return Json{};
    }

    Enum read_enum() {
        check_keys({"values"});
        Enum type;
        constexpr std::string_view right = R"(write values = ["draft", "sent"])";
        if (!reader_.has("values")) {
            reader_.refuse("values", fmt::format("{} has no values; {}", shown(name_), right));
        }
        const toml::array* values = reader_.array("values");
        if (values == nullptr) return type;
        if (values->empty()) reader_.refuse("values", fmt::format("`values` is empty; {}", right));
        for (const toml::node& node : *values) {
            const Position at = position_of(node.source());
            const auto* text = node.as_string();
            if (text == nullptr) {
                reader_.mistakes().add(
                    at, fmt::format("`values` has {}; write strings, in quotes", type_name(node)));
            } else if (text->get().empty() || text->get().find('\0') != std::string::npos) {
                reader_.mistakes().add(at,
                                       "`values` has a text that is empty or has a NUL"
                                       " character; write words");
            } else if (std::ranges::find(type.values, text->get()) != type.values.end()) {
                reader_.mistakes().add(
                    at, fmt::format("`values` has {} twice; name it once", shown(text->get())));
            } else {
                type.values.push_back(text->get());
            }
        }
        return type;
    }

    Reference read_reference() {
        check_keys({"to", "on_delete"});
        if (!reader_.has("to")) {
            reader_.refuse("to", fmt::format("{} refers to no resource; add to = \"customers\"",
                                             shown(name_)));
        }
        constexpr std::array<std::string_view, 3> actions = {"restrict", "cascade", "clear"};
        Reference reference{.to = reader_.text("to").value_or("")};
        const auto action = reader_.one_of("on_delete", actions);
        if (action == "cascade") reference.on_delete = OnDelete::cascade;
        if (action == "clear") reference.on_delete = OnDelete::clear;
        return reference;
    }

    Text read_text() {
        check_keys({"min", "max", "alphabet"});
        Text text{.shortest = length("min").value_or(0),
                  .longest = length("max").value_or(Text::no_limit)};
        check_order(text.shortest, text.longest);
        if (reader_.one_of("alphabet", std::array<std::string_view, 1>{"identifier"})) {
            text.alphabet = Alphabet::identifier;
        }
        return text;
    }

    std::optional<std::size_t> length(std::string_view key) {
        const auto value = reader_.integer(key);
        if (!value) return std::nullopt;
        if (*value < 0) {
            reader_.refuse(key,
                           fmt::format("`{}` is under 0; a text has 0 characters or more", key));
            return std::nullopt;
        }
        return static_cast<std::size_t>(*value);
    }

    Integer read_integer() {
        check_keys({"min", "max"});
        Integer integer;
        if (const auto least = reader_.integer("min")) integer.least = *least;
        if (const auto most = reader_.integer("max")) integer.most = *most;
        check_order(integer.least, integer.most);
        return integer;
    }

    template <class Bound>
    void check_order(Bound least, Bound most) {
        if (most < least) refuse_order(least, most);
    }

    template <class Bound>
    void refuse_order(const Bound& least, const Bound& most) {
        reader_.refuse("min", fmt::format("`min` is {} and `max` is {}, so no value fits; let `min`"
                                          " be at most `max`",
                                          least, most));
    }

    Decimal read_decimal() {
        check_keys({"min", "max", "scale", "digits"});
        Decimal decimal{.least = bound("min"),
                        .most = bound("max"),
                        .scale = count("scale", 0),
                        .digits = count("digits", 1)};
        if (!decimal.least.empty() && !decimal.most.empty() &&
            is_less(decimal.most, decimal.least)) {
            refuse_order(decimal.least, decimal.most);
        }
        return decimal;
    }

    std::string bound(std::string_view key) {
        auto text = exact_number(key);
        return text ? std::move(*text) : std::string();
    }

    /// A number that is written as a string, or as a whole number of TOML.
    std::optional<std::string> exact_number(std::string_view key) {
        const toml::node* node = reader_.find(key);
        if (node == nullptr) return std::nullopt;
        if (const auto* whole = node->as_integer()) return std::to_string(whole->get());
        if (node->as_floating_point() != nullptr) {
            reader_.refuse(key,
                           fmt::format("`{}` is a number that TOML does not keep exactly; write"
                                       " it as a string, such as \"24.90\"",
                                       key));
            return std::nullopt;
        }
        auto text = reader_.text(key);
        if (text && !is_number(*text)) {
            reader_.refuse(key, fmt::format("`{}` is {}; write a number, such as \"24.90\"", key,
                                            shown(*text)));
            return std::nullopt;
        }
        return text;
    }

    std::optional<int> count(std::string_view key, int least) {
        const auto value = reader_.integer(key);
        if (!value) return std::nullopt;
        if (*value < least || *value > most_digits) {
            reader_.refuse(key, fmt::format("`{}` is {}; write a whole number from {} to {}", key,
                                            *value, least, most_digits));
            return std::nullopt;
        }
        return static_cast<int>(*value);
    }

    void read_attributes(Field& field, std::string_view type) {
        field.required = !reader_.flag("optional").value_or(false);
        field.unique = reader_.flag("unique").value_or(false);
        field.read_only = reader_.flag("read_only").value_or(false);
        if (field.unique && !is_among(unique_types, type)) {
            reader_.refuse("unique", fmt::format("`unique` is not for the type `{}`; use it for {},"
                                                 " whose values have one text each",
                                                 type, alternatives(unique_types)));
        }
        field.database_default = reader_.flag("database_default").value_or(false);
        if (type == "other") check_other(field);
        for (const std::string_view other : {"unique", "default", "database_default"}) {
            if (field.read_only && reader_.has(other)) {
                reader_.refuse(other, fmt::format("`{}` is not for a field with read_only = true,"
                                                  " which the database gives; leave it out",
                                                  other));
            }
        }
        if (field.database_default && reader_.has("default")) {
            reader_.refuse("default",
                           "`default` is not for a field with database_default = true; leave one of"
                           " them out");
        }
        if (field.unique && reader_.has("default")) {
            reader_.refuse("default",
                           "`default` is not for a field with unique = true, because two"
                           " records would have the same; leave one of them out");
        }
        const bool is_comparable = type != "json" && type != "other";
        field.filter = indexed("filter", is_comparable, type);
        if (field.filter && is_among(list_parameters, field.name)) {
            reader_.refuse("filter",
                           fmt::format("`filter` is not for a field with the name `{0}`, which is a"
                                       " parameter of every list; give the field another name, and"
                                       " write column = \"{0}\"",
                                       field.name));
        }
        field.sort = indexed("sort", is_comparable, type);
        field.search = indexed("search", type == "text", type);
        const Reference* reference = field.reference();
        if (reference != nullptr && reference->on_delete == OnDelete::clear && field.required) {
            reader_.refuse("on_delete",
                           "`on_delete` is `clear`, which makes the field null; add optional ="
                           " true, or write `restrict` or `cascade`");
        }
        field.meaning = reader_.text("meaning").value_or("");
        read_fill(field);
        if (const auto column = reader_.text("column")) {
            field.column = *column;
            if (const auto why = misnamed_column(*column); !why.empty()) {
                reader_.refuse("column", fmt::format("the column {} {}", shown(*column), why));
            }
        }
    }

    /// What the database shows, a client cannot send.
    void check_other(const Field& field) {
        if (!field.read_only) {
            reader_.refuse("type", "the type `other` is only for reading; add read_only = true");
        }
        if (reader_.has("example")) {
            reader_.refuse("example",
                           "`example` is not for the type `other`, of which a client sends no"
                           " value; leave it out");
        }
    }

    bool indexed(std::string_view key, bool is_possible, std::string_view type) {
        const bool is_wanted = reader_.flag(key).value_or(false);
        if (is_wanted && !is_possible) {
            reader_.refuse(key,
                           fmt::format("`{}` is not for the type `{}`; leave it out", key, type));
        }
        return is_wanted;
    }

    void read_fill(Field& field) {
        auto fill = reader_.text("fill");
        if (!fill) return;
        if (const auto why = unusable_sql(*fill, SqlPlace::fill); !why.empty()) {
            reader_.refuse("fill", fmt::format("`fill` {}", why));
        }
        for (const std::string_view other : {"optional", "read_only"}) {
            if (!reader_.flag(other).value_or(false)) continue;
            reader_.refuse("fill", fmt::format("`fill` is not for a field with {} = true, which no"
                                               " row has to have from Larder; leave it out",
                                               other));
        }
        field.fill = std::move(*fill);
    }

    void read_values(Field& field) {
        if (auto value = value_of("example", field)) field.example = std::move(value->json);
        field.fallback = value_of("default", field);
    }

    /// The value of a key, which has to fit the field.
    std::optional<Default> value_of(std::string_view key, const Field& field) {
        if (!reader_.has(key)) return std::nullopt;
        std::optional<std::string> text;
        if (std::holds_alternative<Decimal>(field.type)) {
            text = exact_number(key);
            if (!text) return std::nullopt;
        } else {
            text = json_of(*reader_.find(key));
        }
        if (!text) {
            reader_.refuse(key, fmt::format("`{}` is or has {}; write a value that the field takes,"
                                            " a date or a time as a string",
                                            key, type_name(*reader_.find(key))));
            return std::nullopt;
        }
        if (field.reference() != nullptr) return Default{.json = std::move(*text), .stored = {}};
        auto value = fitting_value(field.type, std::move(*text));
        if (!value) {
            reader_.refuse(key, fmt::format("`{}` {}", key, value.error()));
            return std::nullopt;
        }
        return std::move(*value);
    }

    /// A value of TOML as JSON; nothing where JSON has no such value.
    static std::optional<std::string> json_of(const toml::node& node) {
        if (const auto* text = node.as_string()) return json::quoted(text->get());
        if (const auto* whole = node.as_integer()) return std::to_string(whole->get());
        if (const auto* flag = node.as_boolean()) return flag->get() ? "true" : "false";
        if (const auto* number = node.as_floating_point()) {
            if (!std::isfinite(number->get())) return std::nullopt;
            return fmt::format("{}", number->get());
        }
        std::string text;
        if (const auto* array = node.as_array()) {
            for (const toml::node& element : *array) {
                const auto value = json_of(element);
                if (!value) return std::nullopt;
                text += (text.empty() ? "" : ", ") + *value;
            }
            return '[' + text + ']';
        }
        if (const auto* table = node.as_table()) {
            for (const Entry& entry : entries_in_order(*table)) {
                const auto value = json_of(*entry.value);
                if (!value) return std::nullopt;
                text += (text.empty() ? "" : ", ") + json::quoted(entry.name) + ": " + *value;
            }
            return '{' + text + '}';
        }
        return std::nullopt;
    }

    std::string_view name_;
    TableReader reader_;
};

}  // namespace

std::optional<Field> read_field(const Entry& entry, Mistakes& mistakes) {
    if (const auto why = misnamed_field(entry.name); !why.empty()) {
        mistakes.add(entry.at, fmt::format("the field {} {}", shown(entry.name), why));
    }
    const toml::table* table = entry.value->as_table();
    if (table == nullptr) {
        mistakes.add(position_of(entry.value->source()),
                     fmt::format("the field {} is {}; write a table, such as {{ type = \"text\" }}",
                                 shown(entry.name), type_name(*entry.value)));
        return std::nullopt;
    }
    return FieldReader(entry.name, *table, mistakes).read();
}

std::expected<Default, std::string> fitting_value(const FieldType& type, std::string json) {
    const std::string body = "{\"v\":" + json + '}';
    const auto document = json::parse(body);
    if (!document || document->members.size() != 1) {
        return std::unexpected(fmt::format("is no value that a client could send{}; write one",
                                           document ? "" : " (" + document.error() + ')'));
    }
    auto stored = stored_text(type, document->members[0], json);
    if (!stored) {
        return std::unexpected(
            fmt::format("breaks the rules of its own field; it {}", stored.error()));
    }
    // As answers have it, which spell some values in their own way.
    const auto* reference = std::get_if<Reference>(&type);
    const bool is_respelled = std::holds_alternative<Timestamp>(type) ||
                              std::holds_alternative<DateTime>(type) ||
                              std::holds_alternative<Uuid>(type) ||
                              (reference != nullptr && reference->id == IdType::uuid);
    return Default{.json = is_respelled ? json::quoted(*stored) : std::move(json),
                   .stored = *stored};
}

}  // namespace larder
