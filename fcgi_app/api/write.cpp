#include "api/write.hpp"

#include <fmt/format.h>

#include "api/request_scope.hpp"
#include "http/conditional.hpp"
#include "records/effects.hpp"
#include "records/group.hpp"

namespace larder {

Lane WriteOperation::lane(const Call& call) const {
    if (!call.change.claims().empty()) return Lane::cached;
    const Resource& resource = *endpoint().resource;
    return can_be_grouped(resource, kind_, call.change, call.preconditions) ? Lane::grouped
                                                                            : Lane::store;
}

std::vector<std::string> WriteOperation::cache_keys(const Call& call) const {
    const Resource& resource = *endpoint().resource;
    std::vector<std::string> keys;
    if (kind_ != WriteKind::create) keys.push_back(record_key(resource, call.argument));
    for (const Assignment& claim : call.change.claims()) {
        keys.push_back(claim_key(resource, *claim.field, *claim.value));
    }
    return keys;
}

// 409 where the cache knows that a value is taken. Of a write to an existing record only if the
// record is cached as well, for its absence (404) and a precondition that fails (412) go first.
std::optional<http::Response> WriteOperation::answer_cached(
    const Call& call, std::span<std::optional<std::string>> values,
    const Services& services) const {
    if (kind_ != WriteKind::create) {
        const auto& json = values.front();
        values = values.subspan(1);
        if (!json || !http::check(call.preconditions, http::entity_tag(*json))) return std::nullopt;
    }
    const auto claims = call.change.claims();
    for (std::size_t i = 0; i < claims.size(); ++i) {
        if (!values[i] || *values[i] == call.argument) continue;
        services.metrics.duplicates_refused.add();
        return answer_error(taken(*endpoint().resource, *claims[i].field, *claims[i].value));
    }
    return std::nullopt;
}

Sharing WriteOperation::sharing(const Call&) const {
    return {.key = fmt::format("write {}", endpoint().resource->name),
            .largest_group = largest_write_group};
}

bool WriteOperation::answer_group(Backend& backend, std::span<const Call> calls) const {
    std::vector<GroupedWrite> writes;
    writes.reserve(calls.size());
    for (const Call& call : calls) {
        const auto& operation = static_cast<const WriteOperation&>(*call.operation);
        writes.push_back({.kind = operation.kind(), .id = call.argument, .change = call.change});
    }
    const auto records = write_group(backend, backend.services.of(*endpoint().resource), writes);
    if (!records) return false;
    for (std::size_t i = 0; i < calls.size(); ++i) {
        const auto& record = (*records)[i];
        const auto& operation = static_cast<const WriteOperation&>(*calls[i].operation);
        const RequestScope scope(calls[i].request());
        calls[i].connection->answer(record
                                        ? operation.answer_done(*record, backend.services.settings)
                                        : answer_error(record.error()));
    }
    return true;
}

bool WriteOperation::answer_alone(Backend& backend, const Call& call,
                                  std::chrono::milliseconds lock_wait) const {
    const auto record = write(backend, call, lock_wait);
    if (!record && record.error().is_locked) return false;
    call.connection->answer(record ? answer_done(*record, backend.services.settings)
                                   : answer_error(record.error()));
    return true;
}

Expected<WrittenRecord> WriteOperation::write(Backend& backend, const Call& call,
                                              std::chrono::milliseconds lock_wait) const {
    const Collection& collection = backend.services.of(*endpoint().resource);
    switch (kind_) {
        case WriteKind::create: return create_record(backend, collection, call.change, lock_wait);
        case WriteKind::remove:
            return remove_record(backend, collection, call.argument, call.preconditions, lock_wait);
        case WriteKind::change: break;
    }
    return update_record(backend, collection, call.argument, call.change, call.preconditions,
                         lock_wait);
}

}  // namespace larder
