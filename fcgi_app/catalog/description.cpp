#include "catalog/description.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <utility>

#include "catalog/field_description.hpp"
#include "catalog/index_description.hpp"
#include "catalog/names.hpp"
#include "catalog/rights_description.hpp"
#include "catalog/sql_expression.hpp"
#include "catalog/syntax.hpp"
#include "catalog/table_reader.hpp"
#include "json/document.hpp"

namespace larder {

namespace {

constexpr std::array<std::string_view, 15> known_keys = {
    "title",   "id",    "page",   "fields", "lists",     "primed",  "lifetime", "envelope",
    "deleted", "table", "schema", "create", "read_only", "indexes", "rights"};
constexpr std::array<std::string_view, 3> id_keys = {"type", "column", "generate"};
constexpr std::array<std::string_view, 4> list_keys = {"where", "order", "from", "meaning"};
constexpr std::array<std::string_view, 1> later_list_keys = {"max_age"};

class DescriptionReader {
public:
    DescriptionReader(std::string_view name, const toml::table& root) : root_(root, mistakes_) {
        description_.resource.name = name;
    }

    std::expected<Description, std::vector<Mistake>> read() {
        root_.check_keys(known_keys, {});
        read_title();
        read_id();
        read_table();
        read_abilities();
        read_page();
        resource().primed = root_.flag("primed").value_or(false);
        constexpr std::array<std::string_view, 2> lifetimes = {"records", "items"};
        if (root_.one_of("lifetime", lifetimes) == "items") resource().lifetime = Lifetime::items;
        read_envelope();
        read_deleted();
        read_fields();
        read_lists();
        if (const toml::array* indexes = root_.array("indexes")) {
            resource().indexes = read_indexes(*indexes, resource(), names_of_unread_, mistakes_);
        }
        if (const toml::table* rights = root_.table("rights")) {
            resource().rights = read_rights(*rights, resource(), mistakes_);
        }
        if (mistakes_.empty()) return std::move(description_);
        auto mistakes = mistakes_.take();
        sort_mistakes(mistakes);
        return std::unexpected(std::move(mistakes));
    }

private:
    Resource& resource() { return description_.resource; }

    // It is also a name in the OpenAPI document, which has letters and digits only.
    void read_title() {
        if (!root_.has("title")) {
            return root_.refuse("title",
                                "there is no title; add what one record is called, such as"
                                " title = \"Invoice\"");
        }
        const auto title = root_.text("title");
        if (!title) return;
        constexpr std::size_t longest = 60;
        const std::string word = joined(*title);
        const bool is_usable =
            !title->empty() && title->size() <= longest &&
            std::ranges::all_of(*title,
                                [](char c) {
                                    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') ||
                                           (c >= '0' && c <= '9') || c == ' ' || c == '-';
                                }) &&
            (*title)[0] != ' ' && title->back() != ' ' && !word.empty() &&
            (word[0] < '0' || word[0] > '9');
        if (!is_usable) {
            root_.refuse("title", fmt::format("the title is {}; write 1 to {} of A-Z, a-z, 0-9,"
                                              " space and -, with a letter first",
                                              shown(*title), longest));
        }
        resource().title = *title;
        description_.title = root_.at("title");
    }

    void read_id() {
        constexpr std::array<std::string_view, 2> ids = {"integer", "uuid"};
        if (!root_.has("id")) {
            return root_.refuse("id", R"(there is no id; add id = "integer" or id = "uuid")");
        }
        if (root_.find("id")->as_table() == nullptr) {
            if (root_.one_of("id", ids) == "uuid") resource().id = IdType::uuid;
            return;
        }
        TableReader reader(*root_.table("id"), mistakes_);
        reader.check_keys(id_keys, {});
        if (!reader.has("type")) {
            reader.refuse("type", R"(the id has no type; add type = "integer" or type = "uuid")");
        }
        if (reader.one_of("type", ids) == "uuid") resource().id = IdType::uuid;
        if (const auto column = name(reader, "column", "column", misnamed_column)) {
            resource().id_column = *column;
        }
        resource().generates_id = reader.flag("generate").value_or(false);
        if (resource().generates_id && resource().id == IdType::integer && reader.has("type")) {
            reader.refuse(
                "generate",
                "`generate` is for an id of the type `uuid`; give the column of an integer"
                " a default in the database, such as a sequence");
        }
    }

    void read_table() {
        if (const auto table = name(root_, "table", "table", misnamed_table)) {
            resource().table = *table;
        }
        if (const auto schema = name(root_, "schema", "schema", misnamed_schema)) {
            resource().schema = *schema;
        }
        const auto key = root_.has("table") ? "table" : "schema";
        if (root_.has(key)) description_.table = root_.at(key);
    }

    /// A name of the database.
    static std::optional<std::string> name(TableReader& reader, std::string_view key,
                                           std::string_view kind,
                                           std::string (*misnamed)(std::string_view)) {
        auto name = reader.text(key);
        if (!name) return name;
        if (const auto why = misnamed(*name); !why.empty()) {
            reader.refuse(key, fmt::format("the {} {} {}", kind, shown(*name), why));
        }
        return name;
    }

    void read_abilities() {
        resource().can_create = root_.flag("create").value_or(true);
        if (root_.flag("read_only").value_or(false)) {
            resource().can_create = resource().can_change = false;
        }
        if (root_.has("deleted") && !resource().can_change) {
            root_.refuse(
                "deleted",
                "`deleted` is not for a resource with read_only = true, of which nothing is"
                " deleted; leave it out");
        }
    }

    void read_page() {
        const toml::node* page = root_.find("page");
        if (page == nullptr) return;
        const auto* table = page->as_table();
        if (table == nullptr) {
            if (const auto* word = page->as_string(); word != nullptr && word->get() == "all")
                return;
            return root_.refuse("page",
                                "`page` is neither \"all\" nor a table; write page = \"all\", or"
                                " page = { default = 100, max = 1000 }");
        }
        constexpr std::array<std::string_view, 2> keys = {"default", "max"};
        TableReader reader(*table, mistakes_);
        reader.check_keys(keys, {});
        const auto most = page_size(reader, "max").value_or(1000);
        const auto usual = page_size(reader, "default").value_or(std::min(100, most));
        if (usual > most) {
            reader.refuse("default", fmt::format("`default` is {} and `max` is {}; let `default` be"
                                                 " at most `max`",
                                                 usual, most));
        }
        resource().page = {.usual = usual, .most = most};
    }

    static std::optional<int> page_size(TableReader& reader, std::string_view key) {
        const auto size = reader.integer(key);
        if (!size) return std::nullopt;
        if (*size >= 1 && *size <= longest_list) return static_cast<int>(*size);
        reader.refuse(key, fmt::format("`{}` is {}; write a whole number from 1 to {}", key, *size,
                                       longest_list));
        return std::nullopt;
    }

    void read_envelope() {
        const toml::table* table = root_.table("envelope");
        if (table == nullptr) return;
        constexpr std::array<std::string_view, 2> keys = {"record", "list"};
        TableReader reader(*table, mistakes_);
        reader.check_keys(keys, {});
        const auto member = [&](std::string_view key) {
            if (!reader.has(key)) {
                reader.refuse(key, fmt::format("the envelope has no `{0}`; write envelope ="
                                               " {{ record = \"item\", list = \"items\" }}",
                                               key));
            }
            auto name = reader.text(key).value_or("");
            if (!reader.has(key) || reader.find(key)->as_string() == nullptr) return name;
            if (const auto why = misnamed_member(name); !why.empty()) {
                reader.refuse(key, fmt::format("the member {} {}", shown(name), why));
            }
            return name;
        };
        resource().envelope = {.record = member("record"), .list = member("list")};
    }

    void read_deleted() {
        auto text = root_.text("deleted");
        if (!text) return;
        if (const auto document = json::parse(*text); !document) {
            root_.refuse("deleted",
                         fmt::format("`deleted` is the answer to DELETE and is no JSON ({}); write"
                                     " it as '{{\"ok\": true}}'",
                                     document.error()));
        }
        resource().deleted = std::move(*text);
    }

    void read_fields() {
        const toml::table* table = root_.table("fields");
        if (table == nullptr) return;
        if (table->empty()) {
            return root_.refuse("fields",
                                "there are no fields; add one, or leave [fields] out for"
                                " records that are any JSON object");
        }
        std::vector<std::pair<std::string, std::string>> columns;  // and whose they are
        for (const Entry& entry : entries_in_order(*table)) {
            auto field = read_field(entry, mistakes_);
            if (!field) {
                names_of_unread_.push_back(entry.name);
                continue;
            }
            if (field->column_name() == resource().id_column && entry.name != "id") {
                mistakes_.add(
                    place_of_column(entry),
                    fmt::format("the field {} has the column {}, which holds the id of the"
                                " record; choose another column",
                                shown(entry.name), shown(field->column_name())));
            }
            const auto taken = std::ranges::find(columns, field->column_name(),
                                                 &std::pair<std::string, std::string>::first);
            if (taken != columns.end()) {
                mistakes_.add(entry.at, fmt::format("the fields {} and {} have the same column {};"
                                                    " give one of them another `column`",
                                                    shown(taken->second), shown(entry.name),
                                                    shown(field->column_name())));
            }
            columns.emplace_back(field->column_name(), entry.name);
            if (field->reference() != nullptr) note_places(entry);
            resource().fields.push_back(std::move(*field));
        }
    }

    static Position place_of_column(const Entry& entry) {
        const toml::node* column = entry.value->as_table()->get("column");
        return column == nullptr ? entry.at : position_of(column->source());
    }

    void note_places(const Entry& entry) {
        const TableReader reader(*entry.value->as_table(), mistakes_);
        description_.references.push_back({.field = entry.name,
                                           .to = reader.at("to"),
                                           .on_delete = reader.at("on_delete"),
                                           .example = reader.at("example"),
                                           .fallback = reader.at("default")});
    }

    void read_lists() {
        const toml::table* table = root_.table("lists");
        if (table == nullptr) return;
        for (const Entry& entry : entries_in_order(*table)) read_list(entry);
    }

    void read_list(const Entry& entry) {
        if (const auto why = misnamed_list(entry.name); !why.empty()) {
            mistakes_.add(entry.at, fmt::format("the list {} {}", shown(entry.name), why));
        }
        const toml::table* table = entry.value->as_table();
        if (table == nullptr) {
            return mistakes_.add(
                position_of(entry.value->source()),
                fmt::format("the list {} is {}; write a table, [lists.{}]", shown(entry.name),
                            type_name(*entry.value), entry.name.size() > 40 ? "NAME" : entry.name));
        }
        TableReader reader(*table, mistakes_);
        reader.check_keys(list_keys, later_list_keys);
        List list{.path = entry.name};
        list.where = sql(reader, "where", SqlPlace::where);
        list.from = sql(reader, "from", SqlPlace::from);
        list.meaning = reader.text("meaning").value_or("");
        if (const toml::array* order = reader.array("order")) read_order(*order, reader, list);
        description_.lists.emplace(list.path, entry.at);
        resource().lists.push_back(std::move(list));
    }

    static std::string sql(TableReader& reader, std::string_view key, SqlPlace place) {
        auto text = reader.text(key);
        if (!text) return {};
        if (const auto why = unusable_sql(*text, place); !why.empty()) {
            reader.refuse(key, fmt::format("`{}` {}", key, why));
        }
        return std::move(*text);
    }

    void read_order(const toml::array& order, TableReader& reader, List& list) {
        if (order.empty()) {
            return reader.refuse("order",
                                 "`order` is empty; name fields, such as [\"-price\"], or"
                                 " leave it out");
        }
        for (const toml::node& node : order) {
            const auto* text = node.as_string();
            const Position at = position_of(node.source());
            if (text == nullptr) {
                mistakes_.add(at, fmt::format("`order` has {}; write names of fields, in quotes",
                                              type_name(node)));
                continue;
            }
            std::string_view name = text->get();
            if (name.starts_with('-')) name.remove_prefix(1);
            if (!is_sortable(name)) {
                mistakes_.add(at, fmt::format("`order` has {}, which is no field; name `id` or a"
                                              " field, with - for falling{}",
                                              shown(text->get()), nearest_field(name)));
            }
            const bool is_twice = std::ranges::any_of(list.order, [&](std::string_view one) {
                return one.substr(one.starts_with('-') ? 1 : 0) == name;
            });
            if (is_twice) {
                mistakes_.add(at, fmt::format("`order` has {} twice; name it once", shown(name)));
            }
            list.order.push_back(text->get());
        }
    }

    // A field with a mistake of its own is not reported once more.
    bool is_sortable(std::string_view name) {
        return name == "id" || resource().find_field(name) != nullptr ||
               std::ranges::find(names_of_unread_, name) != names_of_unread_.end();
    }

    std::string nearest_field(std::string_view name) {
        std::vector<std::string_view> names = {"id"};
        for (const Field& field : resource().fields) names.push_back(field.name);
        const auto meant = nearest(name, names);
        return meant.empty() ? "" : fmt::format(" (did you mean {}?)", shown(meant));
    }

    Mistakes mistakes_;
    TableReader root_;
    Description description_;
    std::vector<std::string> names_of_unread_;
};

}  // namespace

std::expected<Description, std::vector<Mistake>> read_description(std::string_view name,
                                                                  std::string_view text) {
    const auto root = parse_toml(text);
    if (!root) return std::unexpected(std::vector{root.error()});
    return DescriptionReader(name, *root).read();
}

}  // namespace larder
