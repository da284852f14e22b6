// PUT and PATCH of a record.

#include <fmt/format.h>

#include "api/describe_resource.hpp"
#include "api/operations.hpp"
#include "api/record_answer.hpp"
#include "api/write.hpp"
#include "openapi/components.hpp"
#include "openapi/example.hpp"
#include "openapi/schema.hpp"

namespace larder {

namespace {

class ChangeRecord : public WriteOperation {
public:
    ChangeRecord(const Resource& resource, http::Method method, ChangeMode mode)
        : WriteOperation(WriteKind::change, {.path = resource.path_of("{id}"),
                                             .method = method,
                                             .resource = &resource,
                                             .body = mode}) {}

    http::Response answer_done(const WrittenRecord& record, const Settings&) const override {
        return record_answer(200, record.json);
    }

    openapi::OperationObject describe() const override {
        using namespace openapi;
        const Resource& resource = *endpoint().resource;
        const bool is_patch = endpoint().method == http::Method::patch;
        const auto media_type = is_patch ? http::merge_patch_type : http::json_type;
        const std::string_view verb = is_patch ? "patch" : "update";
        return {.method = is_patch ? "patch" : "put",
                .id = std::string(verb) + joined(resource.title),
                .tag = tag_of(resource),
                .summary = fmt::format("{} {}", is_patch ? "Patch" : "Update", one_of(resource)),
                .description =
                    is_patch ? "A JSON merge patch (RFC 7396): null clears a member, objects merge."
                             : "Changes the members that are sent and keeps the others.",
                .parameters = {reference("parameters", "IfMatch"),
                               reference("parameters", "IfNoneMatchForWrite"),
                               reference("parameters", "IdempotencyKey")},
                .body = body_of(media_type, change_schema_name(resource),
                                is_patch ? patch_example(resource) : replace_example(resource)),
                .responses = {{"200", success("The record as it is now.",
                                              headers({"ETag", "Idempotent-Replayed"}),
                                              record_content(resource))}},
                .errors = write_errors(true)};
    }
};

}  // namespace

std::unique_ptr<Operation> make_replace(const Resource& resource) {
    return std::make_unique<ChangeRecord>(resource, http::Method::put, ChangeMode::replace);
}

std::unique_ptr<Operation> make_patch(const Resource& resource) {
    return std::make_unique<ChangeRecord>(resource, http::Method::patch, ChangeMode::merge_patch);
}

}  // namespace larder
