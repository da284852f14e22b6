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

std::string document_of(Resource resource, Value value) {
    const auto text = to_string(value);
    switch (resource) {
        case Resource::employees: {
            const auto id = value.employee_id();
            return fmt::format(R"({{"name":"{}","salary":{},"department":"{}","employee_id":{}}})",
                               text, salary_of(value), department_of(value),
                               id == 0 ? "null" : '"' + employee_id_text(id) + '"');
        }
        case Resource::products:
            return fmt::format(R"({{"name":"{}","price":{},"stock_quantity":{}}})", text,
                               price_of(value), stock_of(value));
        case Resource::items:
            return fmt::format(R"({{"value":"{0}","copy":{{"value":"{0}"}}}})", text);
        case Resource::parents:
        case Resource::children:
        case Resource::friends: return fmt::format(R"({{"name":"{0}","copy":"{0}"}})", text);
        case Resource::links: break;
    }
    return {};
}

std::string document_of(Resource resource, Value value, const std::string& parent) {
    auto document = document_of(resource, value);
    document.pop_back();
    return fmt::format(R"({},"parent":"{}"}})", document, parent);
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
