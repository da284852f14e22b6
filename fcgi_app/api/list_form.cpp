#include "api/list_form.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <span>

#include "http/negotiation.hpp"
#include "http/response.hpp"

namespace larder {

namespace {

using query::Form;

// In the order of Form.
constexpr std::array types = {http::json_type, http::csv_type, http::ndjson_type};
constexpr std::array types_without_columns = {http::json_type, http::ndjson_type};
constexpr std::array forms_without_columns = {Form::json, Form::ndjson};

/// Names of fields need no quotes (catalog/names.hpp).
std::string header_line(const Resource& resource, const query::Query& query) {
    std::string line = "id";
    for (const Field& field : resource.fields) {
        if (query.shows(field.name)) line.append(1, ',').append(field.name);
    }
    return line + "\r\n";
}

}  // namespace

Expected<Form> list_form(const Resource& resource, std::string_view accept) {
    if (accept.empty()) return Form::json;
    const auto wanted = http::preferred(accept, types);
    if (!resource.is_document()) return static_cast<Form>(wanted.value_or(0));
    if (const auto there = http::preferred(accept, types_without_columns)) {
        return forms_without_columns[*there];
    }
    if (!wanted) return Form::json;
    return fail(ErrorKind::not_acceptable,
                fmt::format("Records of /{} have no columns, so they cannot be CSV; ask for {}.",
                            resource.name, http::ndjson_type));
}

ListFrame list_frame(const Resource& resource, const query::Query& query, bool from_cache) {
    switch (query.form) {
        case Form::csv:
            return {.content_type = "text/csv; charset=utf-8; header=present",
                    .begin = header_line(resource, query),
                    .between = {},
                    .after_each = "\r\n",
                    .end = {}};
        case Form::ndjson:
            return {.content_type = http::ndjson_type,
                    .begin = {},
                    .between = {},
                    .after_each = "\n",
                    .end = {}};
        case Form::json: break;
    }
    // nginx puts `false` for `true` where the answer did not come from its cache, and its own
    // X-Cache: see nginx/list_flagged.conf.
    const std::string envelope =
        resource.is_wrapped()
            ? fmt::format(R"({{"cached":{},"{}":)", from_cache, resource.envelope.list)
            : "";
    return {.content_type = http::json_type,
            .begin = envelope + '[',
            .between = ",",
            .after_each = {},
            .end = resource.is_wrapped() ? "]}" : "]"};
}

void append_record(std::string& body, Form form, std::string_view record) {
    const auto begin = static_cast<std::ptrdiff_t>(body.size());
    body += record;
    // Within a string of JSON a line break is escaped.
    if (form != Form::ndjson || record.find_first_of("\r\n") == record.npos) return;
    std::replace_if(
        body.begin() + begin, body.end(), [](char c) { return c == '\r' || c == '\n'; }, ' ');
}

}  // namespace larder
