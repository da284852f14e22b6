// POST of a collection with a stream of rows.
#include "api/import.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <iterator>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "access/secret.hpp"
#include "bulk/importer.hpp"
#include "http/parameters.hpp"
#include "records/write.hpp"

namespace larder {

namespace {

Error cut_off() { return {.kind = ErrorKind::bad_request, .detail = "The body is cut off."}; }

Error stopping() {
    return {.kind = ErrorKind::unavailable, .detail = "The server is being restarted."};
}

/// Those of a POST, as it takes them.
std::vector<std::string_view> media_types(const Resource& resource) {
    if (resource.is_document()) return {http::json_type, http::ndjson_type};
    return {http::json_type, http::csv_type, http::ndjson_type};
}

/// False: not sent, or an error was noted.
bool flag(const http::Target& target, std::string_view name, std::vector<FieldError>& errors) {
    const auto value = target.parameter(name);
    if (value && *value != "true" && *value != "false") {
        errors.push_back(http::refused_parameter(name, "must be true or false"));
    }
    return value == "true";
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
                     .parameters = import_parameters(),
                     .is_stream = true,
                     .changes_too = changes_too}) {}

    Lane lane(const Call&) const override { return Lane::stream; }

    Expected<void> choose_form(const http::Request& request, Call& call) const override {
        const Resource& resource = *endpoint().resource;
        const bool is_csv = http::is_media_type(request.content_type, http::csv_type);
        if (is_csv && resource.is_document()) {
            Error error = wrong_type_of_post(resource);
            error.detail =
                fmt::format("A record of {} is any JSON object, which has no columns. {}",
                            resource.name, error.detail);
            return std::unexpected(std::move(error));
        }
        call.import = std::make_shared<bulk::ImportRequest>(bulk::ImportRequest{
            .resource = &resource, .format = is_csv ? bulk::Format::csv : bulk::Format::ndjson});
        return {};
    }

    std::vector<FieldError> take_parameters(const http::Target& target, Call& call) const override {
        auto errors = http::check_parameters(target.query, endpoint().parameters);
        if (!errors.empty()) return errors;
        bulk::ImportRequest& import = *call.import;
        import.is_trial = flag(target, "dry_run", errors);
        import.is_all = flag(target, "all", errors);
        auto wrong = bulk::take_choices({.on_conflict = choice(target, "on_conflict", errors),
                                         .key = choice(target, "key", errors)},
                                        import);
        std::ranges::move(wrong, std::back_inserter(errors));
        if (!call.idempotency) return errors;
        // An answer can be kept by one transaction only.
        if (!import.is_all) {
            errors.push_back(http::refused_parameter(
                "all",
                "must be true with an Idempotency-Key; without a key, an import may be sent again"
                " with on_conflict=skip"));
        }
        if (import.is_trial) {
            errors.push_back(http::refused_parameter(
                "dry_run", "writes nothing, so it takes no Idempotency-Key"));
        }
        return errors;
    }

    bool takes_idempotency_key() const override { return true; }

    void answer_stream(Services& services, const Call& call,
                       const std::function<bool()>& goes_on) const override {
        if (!call.idempotency) return run(services, call, nullptr, goes_on);
        std::optional<Backend> backend(services);
        const auto kept = is_kept(*backend, *call.idempotency);
        if (!kept) return call.connection->answer(answer_error(kept.error()));
        if (*kept) return answer_again(*backend, call, goes_on);
        backend.reset();
        IdempotencyKey key = *call.idempotency;
        run(services, call, &key, goes_on);
    }

    openapi::OperationObject describe() const override { return {}; }  // part of that of POST

private:
    /// `key`: becomes that of the whole request; null: there is none.
    static void run(Services& services, const Call& call, IdempotencyKey* key,
                    const std::function<bool()>& goes_on) {
        bulk::ImportRequest request = *call.import;
        request.resources = services.resources;
        request.record_limit =
            largest_record(static_cast<std::size_t>(services.settings.body_limit_bytes));
        request.once = key;
        Connection& connection = *call.connection;
        bulk::Importer importer(services, request);
        std::optional<access::Sha256> digest;
        if (key != nullptr) digest.emplace();
        const auto end = connection.read_body(
            [&](std::string_view bytes) {
                if (digest) digest->add(bytes);
                return importer.read(bytes);
            },
            goes_on);
        if (end == Connection::BodyEnd::cut) importer.give_up(cut_off());
        if (end == Connection::BodyEnd::stopped) importer.give_up(stopping());
        if (digest) *key = with_body(*key, access::to_hex(digest->end()));
        const auto result = importer.finish();
        if (end == Connection::BodyEnd::cut) return connection.abandon();
        connection.answer(result ? http::Response{.body = result->json()}
                                 : answer_error(result.error()));
    }

    /// Of an import whose key is known: whether it is the same its whole body tells.
    static void answer_again(Backend& backend, const Call& call,
                             const std::function<bool()>& goes_on) {
        Connection& connection = *call.connection;
        access::Sha256 digest;
        const auto end = connection.read_body(
            [&](std::string_view bytes) {
                digest.add(bytes);
                return true;
            },
            goes_on);
        if (end == Connection::BodyEnd::cut) return connection.abandon();
        if (end == Connection::BodyEnd::stopped) return connection.answer(answer_error(stopping()));
        auto known = look_up(backend, with_body(*call.idempotency, access::to_hex(digest.end())));
        // It has expired meanwhile, so the key is a new one.
        if (known && !*known) known = std::unexpected(key_in_use());
        connection.answer(known ? **known : answer_error(known.error()));
    }
};

}  // namespace

std::vector<std::string_view> import_parameters() {
    return {"on_conflict", "key", "dry_run", "all"};
}

std::vector<FieldError> check_without_import(std::string_view query) {
    constexpr std::array<std::string_view, 4> defaults = {"fail", "id", "false", "false"};
    const auto names = import_parameters();
    auto errors = http::check_parameters(query, names);
    if (!errors.empty()) return errors;
    for (const http::Parameter& sent : http::parameters_of(query, errors)) {
        const auto at = std::ranges::find(names, sent.name) - names.begin();
        if (sent.value == defaults.at(static_cast<std::size_t>(at))) continue;
        errors.push_back(http::refused_parameter(
            sent.name, fmt::format("is for an import, whose content type is {} or {}",
                                   http::csv_type, http::ndjson_type)));
    }
    return errors;
}

Error wrong_type_of_post(const Resource& resource) {
    const auto types = media_types(resource);
    const std::string all = fmt::format("{}", fmt::join(types, ", "));
    return {.kind = ErrorKind::unsupported_media_type,
            .detail = fmt::format("The content type must be one of {}.", all),
            .headers = fmt::format("Accept-Post: {}\r\n", all)};
}

std::unique_ptr<Operation> make_import(const Resource& resource, bool changes_too) {
    return std::make_unique<Import>(resource, changes_too);
}

}  // namespace larder
