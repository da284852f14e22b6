// GET of a greeting.

#include <fmt/format.h>

#include "api/operations.hpp"
#include "json/text.hpp"
#include "openapi/components.hpp"

namespace larder {

namespace {

json::Value named(std::string_view where, json::Value::Object more) {
    json::Value::Object parameter = {{"name", "name"}, {"in", where}};
    for (auto& member : more) parameter.push_back(std::move(member));
    parameter.emplace_back("example", "Alice");
    return parameter;
}

/// Greets the name that the path or the query has.
class Greet : public Operation {
public:
    Greet(Endpoint endpoint, std::string id, std::string summary, json::Value parameter)
        : Operation(std::move(endpoint)),
          id_(std::move(id)),
          summary_(std::move(summary)),
          parameter_(std::move(parameter)) {}

    std::vector<FieldError> take_parameters(const http::Target& target, Call& call) const override {
        if (call.argument.empty()) call.argument = target.parameter("name").value_or("");
        if (call.argument.empty()) call.argument = "Guest";
        return Operation::take_parameters(target, call);
    }

    Lane lane(const Call&) const override { return Lane::now; }

    http::Response answer_now(const Call& call, const Services&) const override {
        if (!json::is_utf8(call.argument)) {
            return answer_error(
                {.kind = ErrorKind::bad_request, .detail = "The name is not UTF-8."});
        }
        return {.body = fmt::format(R"({{"message": {}}})",
                                    json::quoted(fmt::format("Hello, {}!", call.argument)))};
    }

    openapi::OperationObject describe() const override {
        using namespace openapi;
        const Value schema = object({{"type", "object"},
                                     {"required", array({"message"})},
                                     {"properties", object({{"message", text()}})}});
        const Value example = object({{"message", "Hello, Alice!"}});
        std::vector<ErrorKind> errors;
        if (endpoint().parameters.empty()) errors.push_back(ErrorKind::bad_request);
        return {.method = "get",
                .id = id_,
                .tag = std::string(service_tag),
                .summary = summary_,
                .parameters = {parameter_},
                .responses = {{"200",
                               object({{"description", "The greeting."},
                                       {"headers", headers({})},
                                       {"content", content(http::json_type, schema, example)}})}},
                .errors = std::move(errors)};
    }

    static json::Value text() { return openapi::object({{"type", "string"}}); }

private:
    const std::string id_;
    const std::string summary_;
    const json::Value parameter_;
};

}  // namespace

std::unique_ptr<Operation> make_greet() {
    return std::make_unique<Greet>(
        Endpoint{.path = "/user", .parameters = {"name"}, .is_open = true}, "greet",
        "Greet somebody, or the guest",
        named("query",
              {{"description", "Without it, the guest is greeted."}, {"schema", Greet::text()}}));
}

std::unique_ptr<Operation> make_greet_by_path() {
    return std::make_unique<Greet>(
        Endpoint{.path = "/user/{name}", .is_open = true}, "greetByPath", "Greet somebody",
        named("path", {{"required", true},
                       {"schema", openapi::object({{"type", "string"}, {"minLength", 1}})}}));
}

}  // namespace larder
