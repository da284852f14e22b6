// The description and the pages: files, which nginx serves. Only what other methods than GET and
// HEAD get is a worker's to say.

#include "api/operations.hpp"
#include "openapi/components.hpp"

namespace larder {

namespace {

using namespace openapi;

class Page : public Operation {
public:
    Page(std::string path, std::string id, std::string summary, std::string_view media_type,
         Value schema)
        : Operation({.path = std::move(path), .is_open = true}),
          id_(std::move(id)),
          summary_(std::move(summary)),
          media_type_(media_type),
          schema_(std::move(schema)) {}

    Lane lane(const Call&) const override { return Lane::now; }

    http::Response answer_now(const Call&, const Services&) const override {
        return answer_error({.kind = ErrorKind::not_found,
                             .detail = "This page is a file, and nginx is to serve it."});
    }

    openapi::OperationObject describe() const override {
        return {.method = "get",
                .id = id_,
                .tag = std::string(documentation_tag),
                .summary = summary_,
                .parameters = {reference("parameters", "IfNoneMatch")},
                .responses = {{"200", object({{"description", "The file."},
                                              {"headers", headers({"ETag"})},
                                              {"content", content(media_type_, schema_)}})},
                              {"304", not_modified({"ETag"})}}};
    }

private:
    const std::string id_;
    const std::string summary_;
    const std::string_view media_type_;
    const Value schema_;
};

}  // namespace

void add_pages(Operations& operations) {
    constexpr std::string_view html = "text/html";
    const Value text = object({{"type", "string"}});
    const Value description = object({{"type", "object"}, {"required", array({"openapi"})}});
    const auto add = [&](const char* path, const char* id, const char* summary,
                         std::string_view media_type, const Value& schema) {
        operations.push_back(std::make_unique<Page>(path, id, summary, media_type, schema));
    };
    add("/openapi.json", "describe", "This description", http::json_type, description);
    add("/docs", "docs", "Swagger UI", html, text);
    add("/redoc", "redoc", "ReDoc", html, text);
    add("/status", "status", "The state of the server, live", html, text);
}

}  // namespace larder
