// POST that empties every cache.

#include "api/operations.hpp"
#include "openapi/components.hpp"
#include "records/write.hpp"

namespace larder {

namespace {

class ClearCaches : public Operation {
public:
    ClearCaches() : Operation({.path = "/cache/clear", .method = http::Method::post}) {}

    Lane lane(const Call&) const override { return Lane::store; }

    bool takes_idempotency_key() const override { return true; }

    bool answer_alone(Backend& backend, const Call& call,
                      std::chrono::milliseconds) const override {
        const auto done = clear(backend, call);
        call.connection->answer(done ? *done : answer_error(done.error()));
        return true;
    }

    openapi::OperationObject describe() const override {
        using namespace openapi;
        const Value done = object({{"ok", true}});
        return {
            .method = "post",
            .id = "clearCaches",
            .tag = std::string(service_tag),
            .summary = "Empty every cache",
            .description = "Of every resource: that of the records and that of the lists.",
            .parameters = {reference("parameters", "IdempotencyKey")},
            .responses = {{"200", object({{"description", "All caches are empty."},
                                          {"headers", headers({"Idempotent-Replayed"})},
                                          {"content", content(http::json_type,
                                                              object({{"const", done}}), done)}})}},
            .errors = {ErrorKind::bad_request, ErrorKind::unavailable}};
    }

private:
    /// To clear twice does no harm, so the answer may be kept after it.
    static Expected<http::Response> clear(Backend& backend, const Call& call) {
        if (call.idempotency) {
            auto known = look_up(backend, *call.idempotency);
            if (!known) return std::unexpected(std::move(known.error()));
            if (*known) return std::move(**known);
        }
        http::Response response{.body = R"({"ok": true})"};
        auto done = clear_caches(backend);
        if (done && call.idempotency) done = keep_alone(backend, *call.idempotency, response);
        if (!done) return std::unexpected(std::move(done.error()));
        return response;
    }
};

}  // namespace

std::unique_ptr<Operation> make_clear() { return std::make_unique<ClearCaches>(); }

}  // namespace larder
