#include "described.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace larder::test {

namespace {

int roll(std::mt19937& random, int least, int most) {
    return std::uniform_int_distribution<int>(least, most)(random);
}

bool chance(std::mt19937& random, int percent) { return roll(random, 1, 100) <= percent; }

constexpr std::array<const char*, 11> types = {"text", "integer",   "decimal",  "boolean",
                                               "date", "timestamp", "datetime", "float",
                                               "uuid", "enum",      "json"};

bool can_be_unique(const DescribedField& field) {
    return field.type == "text" || field.type == "integer" || field.type == "uuid";
}

/// A default as TOML.
std::string some_default(const DescribedField& field, std::mt19937& random) {
    const int n = roll(random, 1, 9);
    if (field.type == "text") return fmt::format("\"it's {} \\\\\"", n);
    if (field.type == "integer") return std::to_string(n);
    if (field.type == "decimal") return fmt::format("\"{}.50\"", n);
    if (field.type == "boolean") return n > 4 ? "true" : "false";
    if (field.type == "date") return fmt::format("\"2026-01-0{}\"", n);
    if (field.type == "timestamp") return fmt::format("\"2026-01-0{}T10:00:00.{}0+01:00\"", n, n);
    if (field.type == "datetime") return fmt::format("\"2026-01-0{}T10:00:00.{}\"", n, n);
    if (field.type == "float") return fmt::format("-{}.25", n);
    if (field.type == "uuid") {
        return fmt::format("\"6F1D2C3B-4a59-4e68-8b77-90a1b2c3d4e{}\"", n);
    }
    if (field.type == "enum") return '"' + field.values[0] + '"';
    return fmt::format("{{ b = {}, a = [1.50, \"'\"] }}", n);
}

std::string some_fill(const DescribedField& field, std::mt19937& random) {
    if (field.type == "text") return "'f' || left(md5(id::text), 12)";
    if (field.type == "integer") {
        return field.is_unique ? "('x' || left(md5(id::text), 7))::bit(28)::int % 100000000"
                               : "length(id::text)";
    }
    if (field.type == "decimal") return fmt::format("{}.125", roll(random, 1, 9));
    if (field.type == "boolean") return "id IS NOT NULL";
    if (field.type == "date") return "DATE '2020-02-29'";
    if (field.type == "timestamp") return "now()";
    if (field.type == "datetime") return "TIMESTAMP '2020-02-29 01:02:03'";
    if (field.type == "float") return "0.1";
    if (field.type == "uuid") return "gen_random_uuid()";
    if (field.type == "enum") return "'" + field.values[0] + "'";
    return "jsonb_build_object('id', id)";
}

DescribedField new_field(std::mt19937& random, Described& description) {
    DescribedField field{.name = fmt::format("f{}", ++description.made), .column = {}};
    if (chance(random, 20)) field.name = "Order" + std::to_string(description.made);
    field.column = field.name;
    field.type = types.at(static_cast<std::size_t>(roll(random, 0, types.size() - 1)));
    if (field.type == "text") {
        field.least = roll(random, 0, 3);
        field.most = roll(random, 20, 40);
    } else if (field.type == "integer" || field.type == "decimal") {
        field.least = roll(random, -1000, 0);
        field.most = roll(random, 100000000, 200000000);
    } else if (field.type == "enum") {
        field.values = {"red", "it's", "back\\slash"};
    }
    switch (roll(random, 0, 3)) {
        case 0: break;
        case 1:
            field.is_optional = false;
            field.fallback = some_default(field, random);
            break;
        case 2:
            field.is_optional = false;
            field.is_unique = can_be_unique(field) && chance(random, 50);
            field.fill = some_fill(field, random);
            if (!field.is_unique && chance(random, 30))
                field.fallback = some_default(field, random);
            break;
        default: field.is_unique = can_be_unique(field);
    }
    return field;
}

using Change = std::string (*)(std::mt19937&, DescribedField&);

std::string loosen(std::mt19937& random, DescribedField& field) {
    if (field.type == "enum") {
        field.values.push_back(fmt::format("added{}", roll(random, 0, 99999)));
        return "an enum value added";
    }
    if (field.most == 0) return {};
    field.most += roll(random, 1, 10);
    field.least = field.type == "text" ? 0 : field.least - roll(random, 0, 9);
    return "rules loosened";
}

// The last value of an enum is never in a row.
std::string tighten(std::mt19937& random, DescribedField& field) {
    if (field.type == "enum" && field.values.size() > 3) {
        field.values.pop_back();
        return "an enum value removed";
    }
    if (field.type == "text") {
        field.most = std::max(20, field.most - 5);
        field.least = roll(random, 0, 3);
        return "rules of a text changed";
    }
    if (field.type == "integer" || field.type == "decimal") {
        field.most = std::max(100000000, field.most - 1000000);
        field.least = roll(random, -5, 0);
        return "rules of a number changed";
    }
    return {};
}

std::string require(std::mt19937& random, DescribedField& field) {
    if (!field.is_optional || field.is_unique) return {};
    field.is_optional = false;
    field.fill = some_fill(field, random);
    return "an optional field required";
}

std::string make_optional(std::mt19937&, DescribedField& field) {
    if (field.is_optional) return {};
    field.is_optional = true;
    field.fill.clear();
    return "a required field optional";
}

std::string change_default(std::mt19937& random, DescribedField& field) {
    if (field.is_unique) return {};
    field.fallback = chance(random, 25) ? "" : some_default(field, random);
    return "another default";
}

std::string toggle_unique(std::mt19937&, DescribedField& field) {
    if (!can_be_unique(field) || !field.fallback.empty()) return {};
    field.is_unique = !field.is_unique;
    return field.is_unique ? "unique" : "no longer unique";
}

std::string rename(std::mt19937& random, DescribedField& field) {
    field.name = fmt::format("renamed{}", roll(random, 0, 999999));
    return "a field renamed";
}

}  // namespace

std::string DescribedField::toml() const {
    std::string text = fmt::format("{} = {{ type = \"{}\"", name, type);
    if (type == "text") text += fmt::format(", min = {}, max = {}", least, most);
    if (type == "integer") text += fmt::format(", min = {}, max = {}", least, most);
    if (type == "decimal")
        text += fmt::format(", min = \"{}\", max = \"{}\", scale = 3", least, most);
    if (type == "enum") {
        std::string list;
        for (const auto& one : values) {
            list += (list.empty() ? "" : ", ") +
                    (one.contains('\\') ? '\'' + one + '\'' : '"' + one + '"');
        }
        text += fmt::format(", values = [{}]", list);
    }
    if (is_optional) text += ", optional = true";
    if (is_unique) text += ", unique = true";
    if (!fallback.empty()) text += ", default = " + fallback;
    if (!fill.empty()) text += ", fill = '''" + fill + "'''";
    if (column != name) text += ", column = \"" + column + '"';
    return text + " }";
}

std::string DescribedField::value(std::mt19937& random, int serial) const {
    if (is_optional && chance(random, 20)) return "NULL";
    if (type == "text") return fmt::format("'v{:08d}'", serial);
    if (type == "integer") return std::to_string(serial);
    if (type == "decimal") return fmt::format("{}.{:03d}", serial, roll(random, 0, 999));
    if (type == "boolean") return chance(random, 50) ? "true" : "false";
    if (type == "date") return fmt::format("'2026-02-{:02d}'", roll(random, 1, 28));
    if (type == "timestamp") return fmt::format("'2026-02-{:02d} 1:2:3.45Z'", roll(random, 1, 28));
    if (type == "datetime") return fmt::format("'2026-02-{:02d} 1:2:3.45'", roll(random, 1, 28));
    if (type == "float") return fmt::format("'{}.1'", serial);
    if (type == "uuid") return fmt::format("'00000000-0000-4000-8000-{:012d}'", serial);
    if (type == "enum") return values[0] == "red" ? "'red'" : "E'back\\\\slash'";
    return fmt::format("'{{\"n\": {}}}'", serial);
}

std::string Described::toml() const {
    std::string text = fmt::format("title = \"{}\"\nid = \"{}\"\n\n[fields]\n", name,
                                   has_uuid ? "uuid" : "integer");
    for (const auto& field : fields) text += field.toml() + '\n';
    return text;
}

Described new_description(std::mt19937& random, const std::string& name) {
    Described description{.name = name, .has_uuid = chance(random, 50), .fields = {}};
    for (int i = roll(random, 2, 6); i > 0; --i) {
        description.fields.push_back(new_field(random, description));
    }
    return description;
}

Evolved evolve(std::mt19937& random, const Described& before,
               const std::vector<std::string>& left) {
    constexpr std::array<Change, 7> changes = {
        loosen, tighten, require, make_optional, change_default, toggle_unique, rename};
    for (;;) {
        Evolved evolved{.what = {}, .description = before};
        auto& fields = evolved.description.fields;
        const int choice = roll(random, 0, 12);
        if (choice < 3) {
            fields.push_back(new_field(random, evolved.description));
            evolved.what = "a field added: " + fields.back().toml();
        } else if (choice == 3 && !left.empty()) {
            evolved.drops = {before.name + '.' + left[0]};
            evolved.what = "an old column dropped";
        } else if (choice < 6 && fields.size() > 1) {
            const int place = roll(random, 0, static_cast<int>(fields.size()) - 1);
            const auto field = fields.begin() + place;
            if (choice == 4) evolved.drops = {before.name + '.' + field->column};
            evolved.what = choice == 4 ? "a field dropped: " : "a field removed: ";
            evolved.what += field->name;
            fields.erase(field);
        } else if (choice >= 6) {
            auto& field = fields[static_cast<std::size_t>(
                roll(random, 0, static_cast<int>(fields.size()) - 1))];
            const auto done = changes.at(static_cast<std::size_t>(choice - 6))(random, field);
            if (!done.empty()) evolved.what = done + ": " + field.toml();
        }
        if (!evolved.what.empty()) return evolved;
    }
}

}  // namespace larder::test
