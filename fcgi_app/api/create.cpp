// POST of a collection.

#include <fmt/format.h>

#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <utility>
#include <vector>

#include "api/describe_import.hpp"
#include "api/describe_resource.hpp"
#include "api/import.hpp"
#include "api/operations.hpp"
#include "api/record_answer.hpp"
#include "api/write.hpp"
#include "openapi/components.hpp"
#include "openapi/example.hpp"
#include "openapi/schema.hpp"
#include "records/create_records.hpp"

namespace larder {

namespace {

class Create : public WriteOperation {
public:
    explicit Create(const Resource& resource)
        : WriteOperation(WriteKind::create, {.path = fmt::format("/{}", resource.name),
                                             .method = http::Method::post,
                                             .resource = &resource,
                                             .parameters = import_parameters(),
                                             .body = ChangeMode::create}),
          import_(make_import(resource, false)),
          changing_import_(make_import(resource, true)) {}

    const Operation* for_stream(const http::Target& target) const override {
        const bool changes_too = target.parameter("on_conflict") == "update";
        return changes_too ? changing_import_.get() : import_.get();
    }

    std::vector<FieldError> take_parameters(const http::Target& target, Call&) const override {
        return check_without_import(target.query);
    }

    Lane lane(const Call& call) const override {
        return call.new_records.empty() ? WriteOperation::lane(call) : Lane::store;
    }

    bool answer_alone(Backend& backend, const Call& call,
                      std::chrono::milliseconds lock_wait) const override {
        if (call.new_records.empty()) return WriteOperation::answer_alone(backend, call, lock_wait);
        std::optional<Once> once;
        if (call.idempotency) once = Once{.key = *call.idempotency, .answer = answer_all};
        const auto made = create_records(backend, backend.services.of(*endpoint().resource),
                                         call.new_records, lock_wait, once ? &*once : nullptr);
        if (!made && made.error().is_locked) return false;
        if (!made) {
            call.connection->answer(answer_error(made.error()));
        } else {
            call.connection->answer(made->answer ? *made->answer : answer_all(made->records));
        }
        return true;
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
                .description = fmt::format("Or up to {}, in an array: all of them or none.\n\n{}",
                                           most_new_records, import_description(resource)),
                .parameters = parameters(),
                .body = body(),
                .responses = {{"200", import_response()},
                              {"201", object({{"description", "The new record, or all of them."},
                                              {"headers", new_record_headers()},
                                              {"content", content_of_answer()},
                                              {"links", links()}})}},
                .errors = write_errors(false)};
    }

private:
    const std::unique_ptr<Operation> import_;
    const std::unique_ptr<Operation> changing_import_;

    static http::Response answer_all(std::span<const WrittenRecord> records) {
        http::Response response{.status = 201, .body = "["};
        for (const WrittenRecord& record : records) {
            if (response.body.size() > 1) response.body += ',';
            response.body += record.json;
        }
        response.body += ']';
        return response;
    }

    static json::Value one_or_all(json::Value one) {
        using namespace openapi;
        const Value all = object({{"type", "array"},
                                  {"minItems", 1},
                                  {"maxItems", std::int64_t{most_new_records}},
                                  {"items", one}});
        return object({{"oneOf", array({std::move(one), all})}});
    }

    json::Value::Array parameters() const {
        using namespace openapi;
        json::Value::Array all = describe_import_parameters(*endpoint().resource);
        all.push_back(reference("parameters", "IdempotencyKey"));
        return all;
    }

    json::Value body() const {
        using namespace openapi;
        const Resource& resource = *endpoint().resource;
        return with_import(resource, http::json_type,
                           one_or_all(reference("schemas", new_record_schema_name(resource))),
                           create_example(resource));
    }

    json::Value content_of_answer() const {
        using namespace openapi;
        const Resource& resource = *endpoint().resource;
        return content(http::json_type,
                       one_or_all(reference("schemas", record_schema_name(resource))),
                       record_example(resource));
    }

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
