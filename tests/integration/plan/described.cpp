#include "described.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace larder::test {

int roll(std::mt19937& random, int least, int most) {
    return std::uniform_int_distribution<int>(least, most)(random);
}

bool chance(std::mt19937& random, int percent) { return roll(random, 1, 100) <= percent; }

namespace {

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
    if (field.type == "reference") {
        return fmt::format("(SELECT larder_to.id FROM {} AS larder_to ORDER BY 1 LIMIT 1)",
                           field.to);
    }
    return "jsonb_build_object('id', id)";
}

/// What a reference may do when its goal goes: `cascade` leads to earlier descriptions only, so
/// that there is no circle of it.
std::string some_action(std::mt19937& random, const DescribedAll& all, std::size_t place,
                        const DescribedField& field) {
    const auto goal = std::ranges::find(all, field.to, &Described::name);
    const bool can_cascade = goal < all.begin() + static_cast<std::ptrdiff_t>(place);
    if (can_cascade && chance(random, 40)) return "cascade";
    return field.is_optional && chance(random, 50) ? "clear" : "restrict";
}

DescribedField new_reference(std::mt19937& random, const DescribedAll& all, std::size_t place,
                             DescribedField field) {
    field.type = "reference";
    field.to =
        all[static_cast<std::size_t>(roll(random, 0, static_cast<int>(all.size()) - 1))].name;
    field.is_optional = chance(random, 50);
    if (!field.is_optional) field.fill = some_fill(field, random);
    field.on_delete = some_action(random, all, place, field);
    return field;
}

/// Only integers have a `fill` of few values.
bool repeats(const DescribedField& field) {
    return !field.fallback.empty() ||
           (!field.fill.empty() && field.type == "integer" && !field.is_unique);
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
    field.may_repeat = repeats(field);
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
    if (field.on_delete == "clear") field.on_delete = "restrict";
    return "an optional field required";
}

std::string make_optional(std::mt19937&, DescribedField& field) {
    if (field.is_optional) return {};
    field.is_optional = true;
    field.fill.clear();
    return "a required field optional";
}

std::string change_default(std::mt19937& random, DescribedField& field) {
    if (field.is_unique || field.type == "reference") return {};
    field.fallback = chance(random, 25) ? "" : some_default(field, random);
    return "another default";
}

std::string toggle_unique(std::mt19937&, DescribedField& field) {
    if (!can_be_unique(field) || field.may_repeat) return {};
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
    if (type == "reference") {
        text += fmt::format(", to = \"{}\", on_delete = \"{}\"", to, on_delete);
    }
    if (is_optional) text += ", optional = true";
    if (is_unique) text += ", unique = true";
    if (!fallback.empty()) text += ", default = " + fallback;
    if (!fill.empty()) text += ", fill = '''" + fill + "'''";
    if (column != name) text += ", column = \"" + column + '"';
    return text + " }";
}

std::string DescribedField::value(
    std::mt19937& random, int serial,
    const std::function<std::string(const std::string&)>& some_id) const {
    if (is_optional && chance(random, 20)) return "null";
    if (type == "text") return fmt::format("\"v{:08d}\"", serial);
    if (type == "integer") return std::to_string(serial);
    if (type == "decimal") return fmt::format("{}.{:03d}", serial, roll(random, 0, 999));
    if (type == "boolean") return chance(random, 50) ? "true" : "false";
    const int day = roll(random, 1, 28);
    if (type == "date") return fmt::format("\"2026-02-{:02d}\"", day);
    if (type == "timestamp") return fmt::format("\"2026-02-{:02d}T01:02:03.45Z\"", day);
    if (type == "datetime") return fmt::format("\"2026-02-{:02d}T01:02:03.45\"", day);
    if (type == "float") return fmt::format("{}.1", serial);
    if (type == "uuid") return fmt::format("\"00000000-0000-4000-8000-{:012d}\"", serial);
    if (type == "enum") return values[0] == "red" ? "\"red\"" : R"("back\\slash")";
    if (type == "reference") return some_id(to);
    return fmt::format("{{\"n\": {}}}", serial);
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

namespace {

/// Removes a field; `is_dropped`: also its column.
void remove_field(std::mt19937& random, Evolved& evolved, bool is_dropped) {
    auto& fields = evolved.description.fields;
    const int place = roll(random, 0, static_cast<int>(fields.size()) - 1);
    const auto field = fields.begin() + place;
    if (is_dropped) evolved.drops = {evolved.description.name + '.' + field->column};
    evolved.what = (is_dropped ? "a field dropped: " : "a field removed: ") + field->name;
    fields.erase(field);
}

void add_field(std::mt19937& random, Evolved& evolved, const DescribedAll& all) {
    auto field = new_field(random, evolved.description);
    if (chance(random, 35)) {
        field =
            new_reference(random, all, evolved.place, {.name = field.name, .column = field.column});
    }
    evolved.description.fields.push_back(std::move(field));
    evolved.what = "a field added: " + evolved.description.fields.back().toml();
}

void change_field(std::mt19937& random, Evolved& evolved, const DescribedAll& all) {
    constexpr std::array<Change, 7> changes = {
        loosen, tighten, require, make_optional, change_default, toggle_unique, rename};
    auto& fields = evolved.description.fields;
    auto& field =
        fields[static_cast<std::size_t>(roll(random, 0, static_cast<int>(fields.size()) - 1))];
    std::string done;
    if (field.type == "reference" && chance(random, 50)) {
        const std::string action = some_action(random, all, evolved.place, field);
        if (action != field.on_delete) done = "another on_delete";
        field.on_delete = action;
    } else {
        const int choice = roll(random, 0, static_cast<int>(changes.size()) - 1);
        done = changes.at(static_cast<std::size_t>(choice))(random, field);
    }
    field.may_repeat = field.may_repeat || repeats(field);
    if (!done.empty()) evolved.what = done + ": " + field.toml();
}

}  // namespace

Evolved evolve(std::mt19937& random, const DescribedAll& before,
               const std::function<std::vector<std::string>(const Described&)>& left) {
    for (;;) {
        const auto place =
            static_cast<std::size_t>(roll(random, 0, static_cast<int>(before.size()) - 1));
        Evolved evolved{.what = {}, .place = place, .description = before[place]};
        const auto unused = left(before[place]);
        const bool has_several = before[place].fields.size() > 1;
        const int choice = roll(random, 0, 12);
        if (choice < 3) {
            add_field(random, evolved, before);
        } else if (choice == 3 && !unused.empty()) {
            evolved.drops = {before[place].name + '.' + unused[0]};
            evolved.what = "an old column dropped: " + evolved.drops[0];
        } else if (choice < 6 && has_several) {
            remove_field(random, evolved, choice == 4);
        } else if (choice >= 6) {
            change_field(random, evolved, before);
        }
        if (!evolved.what.empty()) return evolved;
    }
}

}  // namespace larder::test
