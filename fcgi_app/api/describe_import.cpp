#include "api/describe_import.hpp"

#include <fmt/format.h>

#include <utility>

#include "http/response.hpp"
#include "openapi/components.hpp"

namespace larder::openapi {

std::string import_description(const Resource& resource) {
    return fmt::format(
        "With the content type {}`application/x-ndjson` the body is a stream of rows, of any "
        "length,"
        " and each becomes a record: an import. Then the query takes `on_conflict=fail`, `skip` or"
        " `update`, `key=` with a unique field, `dry_run=true`, and `all=true` for all rows or "
        "none.",
        resource.is_document() ? "" : "`text/csv` or ");
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
