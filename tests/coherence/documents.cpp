#include "documents.hpp"

#include <fmt/format.h>

namespace larder::coherence {
namespace {

// Few departments, so that /employees/top2-by-department has more to rank than it shows.
std::string department_of(Value value) {
    return "Department " + std::to_string(value.number >> 13U & 1U);
}

/// The member that holds the value's text.
std::string_view member_of(Resource resource) {
    return resource == Resource::items ? "value" : "name";
}

std::string stock_of(Value value) { return std::to_string((value.number >> 13U) % 1'000'000); }

std::string price_of(Value value) { return fmt::format("{}.90", (value.number >> 13U) % 10'000); }

bool is_whole(Resource resource, const test::Json& record, Value value) {
    switch (resource) {
        case Resource::employees: {
            const auto& id = record["employee_id"];
            const bool id_matches = value.employee_id() == 0
                                        ? id.is(test::Json::Kind::null)
                                        : id.string() == employee_id_text(value.employee_id());
            return id_matches && record["salary"].number() == std::to_string(salary_of(value)) &&
                   record["department"].string() == department_of(value);
        }
        case Resource::products:
            return record["price"].number() == price_of(value) &&
                   record["stock_quantity"].number() == stock_of(value);
        case Resource::items: return record["copy"]["value"].string() == to_string(value);
        case Resource::parents:
        case Resource::children:
        case Resource::friends: return record["copy"].string() == to_string(value);
        case Resource::links: break;
    }
    return false;
}

}  // namespace

std::vector<Member> members_of(Resource resource, Value value) {
    const auto quoted = [](const std::string& text) { return '"' + text + '"'; };
    const auto text = quoted(to_string(value));
    switch (resource) {
        case Resource::employees: {
            const auto id = value.employee_id();
            return {{"name", text},
                    {"salary", std::to_string(salary_of(value))},
                    {"department", quoted(department_of(value))},
                    {"employee_id", id == 0 ? "null" : quoted(employee_id_text(id))}};
        }
        case Resource::products:
            return {
                {"name", text}, {"price", price_of(value)}, {"stock_quantity", stock_of(value)}};
        case Resource::items: return {{"value", text}, {"copy", to_document({{"value", text}})}};
        case Resource::parents:
        case Resource::children:
        case Resource::friends: return {{"name", text}, {"copy", text}};
        case Resource::links: break;
    }
    return {};
}

std::vector<Member> new_members_of(Resource resource, Value value, const std::string& parent) {
    auto members = members_of(resource, value);
    const bool has_origin = resource != Resource::items && resource != Resource::children;
    if (has_origin) members.emplace_back("origin", R"("test")");
    if (!parent.empty()) members.emplace_back("parent", '"' + parent + '"');
    return members;
}

std::string some_uuid(std::mt19937_64& random) {
    const auto high = random();
    const auto low = random();
    return fmt::format("{:08x}-{:04x}-4{:03x}-8{:03x}-{:012x}", high >> 32U, high >> 16U & 0xffffU,
                       high & 0xfffU, low >> 48U & 0xfffU, low & 0xffffffffffffU);
}

std::string to_document(const std::vector<Member>& members) {
    std::string document = "{";
    for (const auto& [name, json] : members) {
        if (document.size() > 1) document += ',';
        document += fmt::format(R"("{}":{})", name, json);
    }
    return document + '}';
}

std::string document_of(Resource resource, Value value) {
    return to_document(members_of(resource, value));
}

std::string new_document_of(Resource resource, Value value, const std::string& parent) {
    return to_document(new_members_of(resource, value, parent));
}

Reading read_document(Resource resource, const test::Json& record) {
    const auto& id = record["id"];
    const auto value = parse_value(record[member_of(resource)].text());
    if (!value) return {.kind = Reading::Kind::other, .id = id.text(), .value = {}};
    const bool whole = !id.text().empty() && is_whole(resource, record, *value);
    return {.kind = whole ? Reading::Kind::ours : Reading::Kind::broken,
            .id = id.text(),
            .value = *value,
            .has_parent = record["parent"].is(test::Json::Kind::string)};
}

}  // namespace larder::coherence
