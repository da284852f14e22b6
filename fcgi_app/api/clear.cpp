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

    bool answer_alone(Backend& backend, const Call& call,
                      std::chrono::milliseconds) const override {
        const auto cleared = clear_caches(backend);
        call.connection->answer(cleared ? http::Response{.body = R"({"ok": true})"}
                                        : answer_error(cleared.error()));
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
            .responses = {{"200", object({{"description", "All caches are empty."},
                                          {"headers", headers({})},
                                          {"content", content(http::json_type,
                                                              object({{"const", done}}), done)}})}},
            .errors = {ErrorKind::unavailable}};
    }
};

}  // namespace

std::unique_ptr<Operation> make_clear() { return std::make_unique<ClearCaches>(); }

}  // namespace larder
