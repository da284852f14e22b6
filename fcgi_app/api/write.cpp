#include "api/write.hpp"

#include <fmt/format.h>

#include "api/request_scope.hpp"
#include "http/conditional.hpp"
#include "records/effects.hpp"
#include "records/group.hpp"

namespace larder {

// With a key the cache is not asked first: it may know of the record that this very request made.
Lane WriteOperation::lane(const Call& call) const {
    if (!call.change.claims().empty()) return call.idempotency ? Lane::store : Lane::cached;
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

/// What is kept of a call with a key; nothing: it has none.
std::optional<Once> WriteOperation::once(const Call& call, const Settings& settings) const {
    if (!call.idempotency) return std::nullopt;
    return Once{.key = *call.idempotency,
                .answer = [this, &settings](std::span<const WrittenRecord> records) {
                    return answer_done(records.front(), settings);
                }};
}

http::Response WriteOperation::answer(const Expected<WrittenRecord>& record,
                                      const Settings& settings) const {
    if (!record) return answer_error(record.error());
    return record->answer ? *record->answer : answer_done(*record, settings);
}

bool WriteOperation::answer_group(Backend& backend, std::span<const Call> calls) const {
    const Settings& settings = backend.services.settings;
    std::vector<std::optional<Once>> onces(calls.size());
    std::vector<GroupedWrite> writes;
    writes.reserve(calls.size());
    for (std::size_t i = 0; i < calls.size(); ++i) {
        const Call& call = calls[i];
        const auto& operation = static_cast<const WriteOperation&>(*call.operation);
        onces[i] = operation.once(call, settings);
        writes.push_back({.kind = operation.kind(),
                          .id = call.argument,
                          .change = call.change,
                          .once = onces[i] ? &*onces[i] : nullptr});
    }
    const auto records = write_group(backend, backend.services.of(*endpoint().resource), writes);
    if (!records) return false;
    for (std::size_t i = 0; i < calls.size(); ++i) {
        const auto& operation = static_cast<const WriteOperation&>(*calls[i].operation);
        const RequestScope scope(calls[i].request());
        calls[i].connection->answer(operation.answer((*records)[i], settings));
    }
    return true;
}

bool WriteOperation::answer_alone(Backend& backend, const Call& call,
                                  std::chrono::milliseconds lock_wait) const {
    const auto record = write(backend, call, lock_wait);
    if (!record && record.error().is_locked) return false;
    call.connection->answer(answer(record, backend.services.settings));
    return true;
}

Expected<WrittenRecord> WriteOperation::write(Backend& backend, const Call& call,
                                              std::chrono::milliseconds lock_wait) const {
    const Collection& collection = backend.services.of(*endpoint().resource);
    const auto keyed = once(call, backend.services.settings);
    const Once* key = keyed ? &*keyed : nullptr;
    switch (kind_) {
        case WriteKind::create:
            return create_record(backend, collection, call.change, lock_wait, key);
        case WriteKind::remove:
            return remove_record(backend, collection, call.argument, call.preconditions, lock_wait,
                                 key);
        case WriteKind::change: break;
    }
    return update_record(backend, collection, call.argument, call.change, call.preconditions,
                         lock_wait, key);
}

}  // namespace larder
