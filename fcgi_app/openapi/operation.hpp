#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/names.hpp"
#include "error.hpp"
#include "json/value.hpp"

/// The description of the whole interface in the words of OpenAPI 3.1. All of it is pure and may be
/// called by any thread.
namespace larder::openapi {

using json::Value;

/// Tags of what belongs to no resource; the last is that of the methods that every path has.
inline constexpr std::string_view service_tag = "Service";
inline constexpr std::string_view documentation_tag = "Documentation";
inline constexpr std::string_view common_tag = "HEAD and OPTIONS";

Value object(Value::Object members);
Value array(Value::Array elements);

/// A reference to a component: `section` is `schemas`, `responses`, `headers` or `parameters`.
Value reference(std::string_view section, std::string_view name);

/// A content object with one media type.
Value content(std::string_view media_type, Value schema, std::optional<Value> example = {});

/// One method of a path (Operation Object). `method` is in lower case, `id` unique in the document.
/// `responses` are those of success; `errors` are answered as problem details. Those that any
/// operation of its method may have are added: 403, 413, 421, 422.
struct OperationObject {
    std::string_view method;
    std::string id;
    std::string tag;
    std::string summary;
    std::string description = {};
    Value::Array parameters = {};
    std::optional<Value> body = {};
    Value::Object responses = {};
    std::vector<ErrorKind> errors = {};
    std::optional<Value> security = {};  ///< the Security Requirement Objects; nothing: not named
};

/// What a client needs to show (Security Requirement Objects), by the name of a component.
Value no_token();        ///< nothing
Value optional_token();  ///< a token or nothing
Value a_token();

/// A path with all its methods (Path Item Object): those of `operations`, in the order of Allow,
/// HEAD where there is GET, and OPTIONS. `parameters` hold for all of them, `errors` for OPTIONS.
Value path_item(Value::Array parameters, const std::vector<OperationObject>& operations,
                const std::vector<ErrorKind>& errors = {});

}  // namespace larder::openapi
