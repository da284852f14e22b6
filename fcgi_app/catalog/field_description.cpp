#include "catalog/field_description.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "catalog/names.hpp"
#include "catalog/values.hpp"
#include "json/decimal.hpp"
#include "json/text.hpp"

namespace larder {

namespace {

using Words = std::vector<std::string_view>;

// Attributes of a field of any type, and of those that this version cannot serve.
constexpr std::array<std::string_view, 7> common_keys = {"type",    "optional", "unique",  "column",
                                                         "meaning", "example",  "required"};
constexpr std::array<std::string_view, 5> later_keys = {"filter", "sort", "search", "default",
                                                        "read_only"};
constexpr std::array<std::string_view, 3> types = {"text", "integer", "decimal"};
constexpr std::array<std::string_view, 10> later_types = {
    "boolean", "date", "timestamp", "datetime", "float",
    "uuid",    "enum", "json",      "other",    "reference"};

/// The text of a JSON number; nothing where `text` is none.
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
        if (std::ranges::find(later_types, *type) != later_types.end()) {
            reader_.refuse("type", fmt::format("the type `{}` is not served by this version of"
                                               " Larder; use one of {}, or leave the field out",
                                               *type, alternatives(types)));
            return std::nullopt;
        }
        const auto known = reader_.one_of("type", types);
        if (!known) return std::nullopt;
        Field field{.name = std::string(name_), .type = read_type(*known)};
        read_attributes(field, *known);
        if (reader_.mistakes().count() != before) return std::nullopt;
        read_example(field);
        return field;
    }

private:
    void check_keys(Words of_type) {
        of_type.insert(of_type.end(), common_keys.begin(), std::prev(common_keys.end()));
        if (reader_.has("required")) {
            reader_.refuse("required",
                           "`required` is not a known key: a field is required unless"
                           " it has optional = true");
            of_type.push_back("required");
        }
        reader_.check_keys(of_type, later_keys);
    }

    FieldType read_type(std::string_view type) {
        if (type == "text") return read_text();
        if (type == "integer") return read_integer();
        return read_decimal();
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
        if (least <= most) return;
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
            reader_.refuse("min", fmt::format("`min` is {} and `max` is {}, so no value fits; let"
                                              " `min` be at most `max`",
                                              decimal.least, decimal.most));
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
        if (field.unique && type == "decimal") {
            reader_.refuse("unique",
                           "`unique` is not for the type `decimal`, because one number has"
                           " several texts (1.0 and 1.00); use it for `text` and"
                           " `integer`");
        }
        field.meaning = reader_.text("meaning").value_or("");
        if (const auto column = reader_.text("column")) {
            field.column = *column;
            if (const auto why = misnamed_column(*column); !why.empty()) {
                reader_.refuse("column", fmt::format("the column {} {}", shown(*column), why));
            }
        }
    }

    void read_example(Field& field) {
        if (const auto value = value_of("example", field)) field.example = *value;
    }

    /// The value of a key as JSON, which has to fit the field.
    std::optional<std::string> value_of(std::string_view key, const Field& field) {
        if (!reader_.has(key)) return std::nullopt;
        json::Member member;
        std::string text;
        if (std::holds_alternative<Decimal>(field.type)) {
            const auto number = exact_number(key);
            if (!number) return std::nullopt;
            member = {.name = {}, .type = json::Type::number, .text = *number};
            text = *number;
        } else if (const auto* whole = reader_.find(key)->as_integer()) {
            text = std::to_string(whole->get());
            member = {.name = {}, .type = json::Type::number, .text = text};
        } else if (const auto* string = reader_.find(key)->as_string()) {
            if (!reader_.text(key)) return std::nullopt;
            text = json::quoted(string->get());
            member = {.name = {}, .type = json::Type::string, .text = string->get()};
        } else {
            reader_.refuse(key, fmt::format("`{}` is {}; write a value that the field takes", key,
                                            type_name(*reader_.find(key))));
            return std::nullopt;
        }
        if (const auto fits = stored_text(field.type, member); !fits) {
            reader_.refuse(key, fmt::format("`{}` breaks the rules of its own field; it {}", key,
                                            fits.error()));
            return std::nullopt;
        }
        return text;
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

}  // namespace larder
