// DELETE of a record.

#include <fmt/format.h>

#include "api/describe_resource.hpp"
#include "api/operations.hpp"
#include "api/write.hpp"
#include "openapi/components.hpp"

namespace larder {

namespace {

class Remove : public WriteOperation {
public:
    explicit Remove(const Resource& resource)
        : WriteOperation(WriteKind::remove, {.path = resource.path_of("{id}"),
                                             .method = http::Method::remove,
                                             .resource = &resource}) {}

    http::Response answer_done(const WrittenRecord&, const Settings&) const override {
        const auto deleted = endpoint().resource->deleted;
        if (deleted.empty()) return {.status = 204, .content_type = {}};
        return {.status = 200, .body = std::string(deleted)};
    }

    openapi::OperationObject describe() const override {
        using namespace openapi;
        const Resource& resource = *endpoint().resource;
        openapi::OperationObject operation = {
            .method = "delete",
            .id = "delete" + joined(resource.title),
            .tag = tag_of(resource),
            .summary = fmt::format("Delete {}", one_of(resource)),
            .parameters = {reference("parameters", "IfMatch"),
                           reference("parameters", "IfNoneMatchForWrite"),
                           reference("parameters", "IdempotencyKey")},
            .errors = {ErrorKind::bad_request, ErrorKind::not_found, ErrorKind::conflict,
                       ErrorKind::precondition_failed, ErrorKind::unavailable}};
        if (resource.removal_may_be_refused) {
            operation.description = "Refused (409) while other records refer to it.";
        }
        if (resource.removal_changes_others()) {
            operation.description += operation.description.empty() ? "" : " ";
            operation.description += "Records that refer to it are removed or changed with it.";
        }
        if (resource.deleted.empty()) {
            operation.responses = {
                {"204", object({{"description", "The record is gone."},
                                {"headers", headers({"Idempotent-Replayed"})}})}};
            return operation;
        }
        const Value body = Value::json(resource.deleted);
        operation.responses = {
            {"200",
             object({{"description", "The record is gone."},
                     {"headers", headers({"Idempotent-Replayed"})},
                     {"content", content(http::json_type, object({{"const", body}}), body)}})}};
        return operation;
    }
};

}  // namespace

std::unique_ptr<Operation> make_remove(const Resource& resource) {
    return std::make_unique<Remove>(resource);
}

}  // namespace larder
