#pragma once

#include <optional>
#include <span>
#include <string>
#include <vector>

#include "api/operation.hpp"
#include "records/write.hpp"

namespace larder {

/// What POST, PUT, PATCH and DELETE have in common: those that depend on nothing but the row's
/// existence share a transaction; those that claim unique values ask the cache first whether they
/// are taken; what is left goes alone. See records/write.hpp and records/group.hpp.
class WriteOperation : public Operation {
public:
    WriteOperation(WriteKind kind, Endpoint endpoint)
        : Operation(std::move(endpoint)), kind_(kind) {}

    WriteKind kind() const { return kind_; }

    bool takes_idempotency_key() const override { return true; }
    Lane lane(const Call& call) const override;
    std::vector<std::string> cache_keys(const Call& call) const override;
    std::optional<http::Response> answer_cached(const Call& call,
                                                std::span<std::optional<std::string>> values,
                                                const Services& services) const override;
    Sharing sharing(const Call& call) const override;
    bool answer_group(Backend& backend, std::span<const Call> calls) const override;
    bool answer_alone(Backend& backend, const Call& call,
                      std::chrono::milliseconds lock_wait) const override;

    /// The answer to a write that was done.
    virtual http::Response answer_done(const WrittenRecord& record,
                                       const Settings& settings) const = 0;

private:
    std::optional<Once> once(const Call& call, const Settings& settings) const;
    Expected<WrittenRecord> write(Backend& backend, const Call& call,
                                  std::chrono::milliseconds lock_wait) const;
    http::Response answer(const Expected<WrittenRecord>& record, const Settings& settings) const;

    const WriteKind kind_;
};

}  // namespace larder
