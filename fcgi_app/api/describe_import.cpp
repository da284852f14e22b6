#include "api/describe_import.hpp"

#include <fmt/format.h>

#include <utility>

#include "http/response.hpp"
#include "openapi/components.hpp"

namespace larder::openapi {

namespace {

std::string content_types(const Resource& resource) {
    return fmt::format("{}`{}`", resource.is_document() ? "" : "`text/csv` or ", http::ndjson_type);
}

}  // namespace

std::string import_description(const Resource& resource) {
    return fmt::format(
        "With the content type {} the body is a stream of rows, of any length, and each becomes a"
        " record: an import. The parameters of the query are for imports.",
        content_types(resource));
}

Value::Array describe_import_parameters(const Resource& resource) {
    const auto parameter = [&](std::string_view name, std::string_view meaning, Value schema) {
        return object({{"name", name},
                       {"in", "query"},
                       {"description",
                        fmt::format("Of an import ({}): {}", content_types(resource), meaning)},
                       {"schema", std::move(schema)}});
    };
    const auto choice = [](std::string_view usual, Value::Array values) {
        return object({{"type", "string"}, {"enum", std::move(values)}, {"default", usual}});
    };
    const Value flag = object({{"type", "boolean"}, {"default", false}});
    Value::Array answers = {"fail", "skip"};
    if (resource.can_change) answers.emplace_back("update");
    Value::Array keys = {"id"};
    for (const Field& field : resource.fields) {
        if (field.unique && !field.read_only) keys.emplace_back(field.name);
    }
    return {
        parameter("on_conflict",
                  "what becomes of a row whose key another record has. It fails, is skipped, or"
                  " changes the record.",
                  choice("fail", std::move(answers))),
        parameter("key",
                  "by what a row is known. Another one than `id` needs `on_conflict=skip` or"
                  " `update`.",
                  choice("id", std::move(keys))),
        parameter("dry_run", "the answer says what would be done, and nothing is written.", flag),
        parameter("all", "all rows or none.", flag)};
}

Value with_import(const Resource& resource, std::string_view media_type, Value schema,
                  Value example) {
    Value::Object record = {{"schema", std::move(schema)}, {"example", std::move(example)}};
    Value::Object media = {{std::string(media_type), std::move(record)}};
    const auto rows = [](std::string_view meaning) {
        return object({{"schema", object({{"type", "string"}, {"description", meaning}})}});
    };
    if (!resource.is_document()) {
        media.emplace_back(http::csv_type,
                           rows("RFC 4180, in UTF-8; the first line names the fields."));
    }
    media.emplace_back(http::ndjson_type, rows("A JSON object a line."));
    return object({{"required", true}, {"content", std::move(media)}});
}

Value import_response() {
    const auto count = [](std::string_view meaning) {
        return object({{"type", "integer"}, {"minimum", 0}, {"description", meaning}});
    };
    const Value error =
        object({{"type", "object"},
                {"properties", object({{"line", count("Where the row begins, from 1.")},
                                       {"pointer", object({{"type", "string"}})},
                                       {"detail", object({{"type", "string"}})}})},
                {"required", array({"line", "pointer", "detail"})}});
    const Value schema =
        object({{"type", "object"},
                {"properties",
                 object({{"created", count("New records.")},
                         {"changed", count("Records that were changed (`on_conflict=update`).")},
                         {"skipped", count("Rows that were left out (`on_conflict=skip`).")},
                         {"failed", count("Rows that were refused.")},
                         {"errors", object({{"type", "array"},
                                            {"items", error},
                                            {"description", "The first 100 reasons."}})}})},
                {"required", array({"created", "changed", "skipped", "failed", "errors"})}});
    return object({{"description", "Of an import: what has become of the rows."},
                   {"headers", headers({})},
                   {"content", content(http::json_type, schema)}});
}

}  // namespace larder::openapi
