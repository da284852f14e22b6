// POST of a collection with a stream of rows.
#include "api/import.hpp"

#include <fmt/format.h>

#include <array>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "bulk/importer.hpp"
#include "http/parameters.hpp"

namespace larder {

namespace {

constexpr std::string_view csv_type = "text/csv";
constexpr std::string_view ndjson_type = "application/x-ndjson";

Error cut_off() { return {.kind = ErrorKind::bad_request, .detail = "The body is cut off."}; }

Error stopping() {
    return {.kind = ErrorKind::unavailable, .detail = "The server is being restarted."};
}

/// `true` or `false`; nothing: an error was noted.
std::optional<bool> flag(const http::Target& target, std::string_view name,
                         std::vector<FieldError>& errors) {
    const auto value = target.parameter(name);
    if (!value || *value == "false") return false;
    if (*value == "true") return true;
    errors.push_back(http::refused_parameter(name, "must be true or false"));
    return std::nullopt;
}

/// Empty: not sent, or an error was noted.
std::string choice(const http::Target& target, std::string_view name,
                   std::vector<FieldError>& errors) {
    auto value = target.parameter(name);
    if (value && value->empty()) {
        errors.push_back(http::refused_parameter(name, "must not be empty"));
    }
    return std::move(value).value_or("");
}

class Import : public Operation {
public:
    Import(const Resource& resource, bool changes_too)
        : Operation({.path = fmt::format("/{}", resource.name),
                     .method = http::Method::post,
                     .resource = &resource,
                     .parameters = {"on_conflict", "key", "dry_run", "all"},
                     .is_stream = true,
                     .changes_too = changes_too}) {}

    Lane lane(const Call&) const override { return Lane::stream; }

    Expected<void> choose_form(const http::Request& request, Call& call) const override {
        const Resource& resource = *endpoint().resource;
        const bool is_csv = http::is_media_type(request.content_type, csv_type);
        if (is_csv && resource.is_document()) {
            return fail(ErrorKind::unsupported_media_type,
                        fmt::format("A record of {} is any JSON object, which has no columns; the"
                                    " content type must be {}.",
                                    resource.name, ndjson_type));
        }
        call.import = std::make_shared<bulk::ImportRequest>(bulk::ImportRequest{
            .resource = &resource, .format = is_csv ? bulk::Format::csv : bulk::Format::ndjson});
        return {};
    }

    std::vector<FieldError> take_parameters(const http::Target& target, Call& call) const override {
        auto errors = http::check_parameters(target.query, endpoint().parameters);
        if (!errors.empty()) return errors;
        bulk::ImportRequest& import = *call.import;
        import.is_trial = flag(target, "dry_run", errors).value_or(false);
        import.is_all = flag(target, "all", errors).value_or(false);
        auto wrong = bulk::take_choices({.on_conflict = choice(target, "on_conflict", errors),
                                         .key = choice(target, "key", errors)},
                                        import);
        std::ranges::move(wrong, std::back_inserter(errors));
        return errors;
    }

    void answer_stream(Services& services, const Call& call,
                       const std::function<bool()>& goes_on) const override {
        bulk::ImportRequest request = *call.import;
        request.resources = services.resources;
        request.record_limit = static_cast<std::size_t>(services.settings.body_limit_bytes);
        Connection& connection = *call.connection;
        bulk::Importer importer(services, request);
        const auto end = connection.read_body(
            [&](std::string_view bytes) { return importer.read(bytes); }, goes_on);
        if (end == Connection::BodyEnd::cut) importer.give_up(cut_off());
        if (end == Connection::BodyEnd::stopped) importer.give_up(stopping());
        const auto result = importer.finish();
        if (end == Connection::BodyEnd::cut) return connection.abandon();
        connection.answer(result ? http::Response{.body = result->json()}
                                 : answer_error(result.error()));
    }

    openapi::OperationObject describe() const override { return {}; }  // part of that of POST
};

}  // namespace

std::unique_ptr<Operation> make_import(const Resource& resource, bool changes_too) {
    return std::make_unique<Import>(resource, changes_too);
}

}  // namespace larder
