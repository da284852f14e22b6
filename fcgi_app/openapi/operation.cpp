#include "openapi/operation.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

#include "openapi/components.hpp"

namespace larder::openapi {

namespace {

std::string upper(std::string_view text) {
    std::string out(text);
    std::ranges::transform(out, out.begin(), [](unsigned char c) { return std::toupper(c); });
    return out;
}

bool is_write(std::string_view method) {
    return method != "get" && method != "head" && method != "options";
}

/// Those of the operation, and those that the checks before it may give to any request of its kind
/// (api/stages, nginx/server.conf), by their statuses.
Value::Object responses_of(const OperationObject& operation) {
    Value::Object responses = operation.responses;
    const auto add = [&](const Value::Member& member) {
        const auto& status = member.first;
        const bool is_there =
            std::ranges::find(responses, status, &Value::Member::first) != responses.end();
        if (!is_there) responses.push_back(member);
    };
    for (const ErrorKind kind : operation.errors) add(error_response(kind));
    if (is_write(operation.method)) add(error_response(ErrorKind::forbidden));
    add(error_response(ErrorKind::too_large));
    add({"421", reference("responses", "MisdirectedRequest")});
    if (operation.method != "options") add({"422", reference("responses", "InvalidParameter")});
    std::ranges::sort(responses, {}, &Value::Member::first);
    responses.emplace_back("default", reference("responses", "Error"));
    return responses;
}

Value operation_object(const OperationObject& operation) {
    Value::Object members = {{"operationId", operation.id},
                             {"tags", array({operation.tag})},
                             {"summary", operation.summary}};
    if (!operation.description.empty()) members.emplace_back("description", operation.description);
    if (!operation.parameters.empty()) members.emplace_back("parameters", operation.parameters);
    if (operation.body) members.emplace_back("requestBody", *operation.body);
    members.emplace_back("responses", responses_of(operation));
    if (operation.security) members.emplace_back("security", *operation.security);
    return members;
}

OperationObject head_of(OperationObject get) {
    get.method = "head";
    get.description = fmt::format("The answer to `{}` without its body.", get.id);
    get.summary = fmt::format("Headers: {}", get.summary);
    get.id = "head" + joined(get.id);
    get.tag = common_tag;
    return get;
}

OperationObject options_of(const OperationObject& first, const std::string& allow,
                           std::vector<ErrorKind> errors) {
    errors.push_back(ErrorKind::method_not_allowed);
    return {.method = "options",
            .id = "options" + joined(first.id),
            .tag = std::string(common_tag),
            .summary = fmt::format("Methods: {}", first.summary),
            .description = "Status 405 is the answer to every method that `Allow` does not name.",
            .responses = {{"204", object({{"description", "The methods of this path."},
                                          {"headers", allow_headers(allow)}})}},
            .errors = std::move(errors),
            .security = first.security ? std::optional(no_token()) : std::nullopt};
}

}  // namespace

Value no_token() { return Value::Array{}; }
Value a_token() { return array({object({{"token", Value::Array{}}})}); }
Value optional_token() { return array({Value::Object{}, object({{"token", Value::Array{}}})}); }

Value object(Value::Object members) { return members; }
Value array(Value::Array elements) { return elements; }

Value reference(std::string_view section, std::string_view name) {
    return object({{"$ref", fmt::format("#/components/{}/{}", section, name)}});
}

Value content(std::string_view media_type, Value schema, std::optional<Value> example) {
    Value::Object media = {{"schema", std::move(schema)}};
    if (example) media.emplace_back("example", std::move(*example));
    return object({{std::string(media_type), std::move(media)}});
}

Value path_item(Value::Array parameters, const std::vector<OperationObject>& operations,
                const std::vector<ErrorKind>& errors) {
    Value::Object members;
    if (!parameters.empty()) members.emplace_back("parameters", std::move(parameters));
    std::string allow;
    const auto add = [&](const OperationObject& operation) {
        members.emplace_back(operation.method, operation_object(operation));
        allow += upper(operation.method) + ", ";
    };
    for (const OperationObject& operation : operations) {
        add(operation);
        if (operation.method == "get") add(head_of(operation));
    }
    allow += "OPTIONS";
    add(options_of(operations.front(), allow, errors));
    return members;
}

}  // namespace larder::openapi
