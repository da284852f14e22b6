// GET of a collection, and of its further lists.

#include <fmt/format.h>

#include <algorithm>
#include <limits>

#include "api/describe_resource.hpp"
#include "api/list_answer.hpp"
#include "api/operations.hpp"
#include "http/parameters.hpp"
#include "number.hpp"
#include "openapi/components.hpp"
#include "openapi/example.hpp"
#include "openapi/schema.hpp"

namespace larder {

namespace {

std::string path_of(const Resource& resource, const List& list) {
    return list.path.empty() ? fmt::format("/{}", resource.name) : resource.path_of(list.path);
}

openapi::Value limit_parameter(const PageSize& page) {
    using namespace openapi;
    if (page.usual == 0) return reference("parameters", "Limit");
    return object({{"name", "limit"},
                   {"in", "query"},
                   {"description", "How many records at most."},
                   {"schema", object({{"type", "integer"},
                                      {"minimum", 1},
                                      {"maximum", page.most},
                                      {"default", page.usual}})},
                   {"example", std::min(10, page.most)}});
}

class ReadList : public Operation {
public:
    ReadList(const Resource& resource, const List& list)
        : Operation(
              {.path = path_of(resource, list), .resource = &resource, .parameters = {"limit"}}),
          list_(list) {}

    std::vector<FieldError> take_parameters(const http::Target& target, Call& call) const override {
        call.limit = target.parameter("limit").value_or("");
        const auto value = to_number<int>(call.limit);
        const int most = endpoint().resource->page.most;
        if (call.limit.empty() || (value && *value >= 1 && *value <= most)) return {};
        return {
            http::refused_parameter("limit", fmt::format("must be a number from 1 to {}", most))};
    }

    Lane lane(const Call&) const override { return Lane::grouped; }

    Sharing sharing(const Call& call) const override {
        return {.key = fmt::format("list {}?{}{}", endpoint().path, call.limit,
                                   call.request().for_list_cache ? "" : " uncached"),
                .largest_group = std::numeric_limits<std::size_t>::max(),
                .kind = JobKind::list};
    }

    bool answer_group(Backend& backend, std::span<const Call> calls) const override {
        std::vector<Connection*> connections;
        for (const Call& call : calls) connections.push_back(call.connection);
        answer_list(backend, backend.services.of(*endpoint().resource), list_, calls.front().limit,
                    connections);
        return true;
    }

    openapi::OperationObject describe() const override {
        using namespace openapi;
        const Resource& resource = *endpoint().resource;
        const Value items = object(
            {{"type", "array"}, {"items", reference("schemas", record_schema_name(resource))}});
        const std::string name = list_.path.empty() ? "" : fmt::format(": {}", list_.path);
        return {
            .method = "get",
            .id = "list" + joined(resource.name) + joined(list_.path),
            .tag = tag_of(resource),
            .summary = fmt::format("List {}{}", resource.name, name),
            .description = std::string(list_.meaning),
            .parameters = {limit_parameter(resource.page)},
            .responses = {{"200",
                           success(resource.page.usual == 0
                                       ? "The records, all of them unless there is a limit."
                                       : "The first records.",
                                   headers({"X-Cache"}),
                                   content(http::json_type,
                                           wrapped_schema(resource, resource.envelope.list, items),
                                           wrapped_example(resource, resource.envelope.list,
                                                           array({record_example(resource)}))))}},
            .errors = {ErrorKind::unavailable}};
    }

private:
    const List& list_;
};

}  // namespace

std::unique_ptr<Operation> make_list(const Resource& resource, const List& list) {
    return std::make_unique<ReadList>(resource, list);
}

}  // namespace larder
