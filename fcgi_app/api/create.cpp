// POST of a collection.

#include <fmt/format.h>

#include "api/describe_import.hpp"
#include "api/describe_resource.hpp"
#include "api/import.hpp"
#include "api/operations.hpp"
#include "api/record_answer.hpp"
#include "api/write.hpp"
#include "openapi/components.hpp"
#include "openapi/example.hpp"
#include "openapi/schema.hpp"

namespace larder {

namespace {

class Create : public WriteOperation {
public:
    explicit Create(const Resource& resource)
        : WriteOperation(WriteKind::create, {.path = fmt::format("/{}", resource.name),
                                             .method = http::Method::post,
                                             .resource = &resource,
                                             .body = ChangeMode::create}),
          import_(make_import(resource, false)),
          changing_import_(make_import(resource, true)) {}

    const Operation* for_stream(const http::Target& target) const override {
        const bool changes_too = target.parameter("on_conflict") == "update";
        return changes_too ? changing_import_.get() : import_.get();
    }

    http::Response answer_done(const WrittenRecord& record,
                               const Settings& settings) const override {
        http::Response response = record_answer(201, record.json);
        http::add_header(response, "Location",
                         settings.public_path + endpoint().resource->path_of(record.id));
        return response;
    }

    openapi::OperationObject describe() const override {
        using namespace openapi;
        const Resource& resource = *endpoint().resource;
        return {.method = "post",
                .id = "create" + joined(resource.title),
                .tag = tag_of(resource),
                .summary = fmt::format("Create {}", one_of(resource)),
                .description = import_description(resource),
                .parameters = {reference("parameters", "IdempotencyKey")},
                .body = with_import(resource, http::json_type,
                                    reference("schemas", new_record_schema_name(resource)),
                                    create_example(resource)),
                .responses = {{"200", import_response()},
                              {"201", object({{"description", "The new record."},
                                              {"headers", headers({"ETag", "Location",
                                                                   "Idempotent-Replayed"})},
                                              {"content", record_content(resource)},
                                              {"links", links()}})}},
                .errors = write_errors(false)};
    }

private:
    const std::unique_ptr<Operation> import_;
    const std::unique_ptr<Operation> changing_import_;

    /// Where the id in the answer leads (Link Objects).
    json::Value links() const {
        using namespace openapi;
        Value::Object members;
        for (const std::string_view verb : {"read", "update", "patch", "delete"}) {
            members.emplace_back(
                verb,
                object({{"operationId", std::string(verb) + joined(endpoint().resource->title)},
                        {"parameters", object({{"id", "$response.body#/id"}})}}));
        }
        return members;
    }
};

}  // namespace

std::unique_ptr<Operation> make_create(const Resource& resource) {
    return std::make_unique<Create>(resource);
}

}  // namespace larder
