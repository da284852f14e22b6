// GET of a record.

#include <fmt/format.h>

#include <algorithm>

#include "api/describe_resource.hpp"
#include "api/operations.hpp"
#include "api/record_answer.hpp"
#include "api/request_scope.hpp"
#include "http/conditional.hpp"
#include "observe/log.hpp"
#include "openapi/components.hpp"
#include "openapi/example.hpp"
#include "openapi/schema.hpp"
#include "records/effects.hpp"
#include "records/read.hpp"

namespace larder {

namespace {

constexpr std::size_t largest_read_group = 128;

class Read : public Operation {
public:
    explicit Read(const Resource& resource)
        : Operation({.path = resource.path_of("{id}"), .resource = &resource}) {}

    Lane lane(const Call&) const override { return Lane::cached; }

    std::vector<std::string> cache_keys(const Call& call) const override {
        return {record_key(*endpoint().resource, call.argument)};
    }

    std::optional<http::Response> answer_cached(const Call& call,
                                                std::span<std::optional<std::string>> values,
                                                const Services& services) const override {
        if (!values.front()) return std::nullopt;
        services.of(*endpoint().resource).count_read(CacheState::hit);
        return answer(call, {.json = std::move(values.front()), .cache = CacheState::hit});
    }

    Lane lane_after_cache(const Call&) const override { return Lane::grouped; }

    Sharing sharing(const Call&) const override {
        return {.key = fmt::format("read {}", endpoint().resource->name),
                .largest_group = largest_read_group,
                .is_single_flight = true};
    }

    bool answer_group(Backend& backend, std::span<const Call> calls) const override {
        const Collection& collection = backend.services.of(*endpoint().resource);
        std::vector<std::string> ids;
        for (const Call& call : calls) ids.push_back(call.argument);
        std::ranges::sort(ids);
        ids.erase(std::ranges::unique(ids).begin(), ids.end());
        const auto records = read_records(backend, collection, ids);
        for (const Call& call : calls) {
            const RequestScope scope(call.request());
            if (!records) {
                call.connection->answer(answer_error(records.error()));
                continue;
            }
            const auto at = std::ranges::lower_bound(ids, call.argument) - ids.begin();
            const ReadRecord& record = (*records)[static_cast<std::size_t>(at)];
            collection.count_read(record.cache);
            call.connection->answer(answer(call, record));
        }
        return true;
    }

    openapi::OperationObject describe() const override {
        using namespace openapi;
        const Resource& resource = *endpoint().resource;
        const std::string_view member = resource.envelope.record;
        const Value schema =
            wrapped_schema(resource, member, reference("schemas", record_schema_name(resource)));
        return {.method = "get",
                .id = "read" + joined(resource.title),
                .tag = tag_of(resource),
                .summary = fmt::format("Read {}", one_of(resource)),
                .parameters = {reference("parameters", "IfNoneMatch")},
                .responses = {{"200", success("The record.", headers({"ETag", "X-Cache"}),
                                              content(http::json_type, schema,
                                                      wrapped_example(resource, member,
                                                                      record_example(resource))))},
                              {"304", not_modified({"ETag", "X-Cache"})}},
                .errors = {ErrorKind::not_found, ErrorKind::unavailable}};
    }

private:
    /// 200, 304 or 404, with ETag and X-Cache.
    http::Response answer(const Call& call, ReadRecord record) const {
        const Resource& resource = *endpoint().resource;
        const std::string_view cache = name_of(record.cache);
        if (is_debug_logged()) {
            log_debug("cache_read",
                      {{"cache", cache}, {"resource", resource.name}, {"id", call.argument}});
        }
        http::Response response;
        if (!record.json) {
            response = answer_error(
                {.kind = ErrorKind::not_found, .detail = resource.not_found(call.argument)});
        } else {
            const std::string tag = http::entity_tag(*record.json);
            http::add_header(response, "ETag", tag);
            if (http::if_none_match_names(call.request().if_none_match.value_or(""), tag)) {
                response.status = 304;
                response.content_type = {};
            } else if (resource.is_wrapped()) {
                response.body =
                    fmt::format(R"({{"cached":{},"{}":{}}})", record.cache == CacheState::hit,
                                resource.envelope.record, *record.json);
            } else {
                response.body = std::move(*record.json);
            }
        }
        http::add_header(response, "X-Cache", cache);
        http::add_header(response, "Cache-Control", http::not_without_asking);
        return response;
    }
};

}  // namespace

std::unique_ptr<Operation> make_read(const Resource& resource) {
    return std::make_unique<Read>(resource);
}

}  // namespace larder
