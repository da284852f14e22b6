#pragma once

#include <initializer_list>
#include <string_view>

#include "error.hpp"
#include "json/value.hpp"

namespace larder::openapi {

/// The entry of a Responses Object for an error: its status, and a reference to the component.
json::Value::Member error_response(ErrorKind kind);

/// The headers of the answer to OPTIONS, with an `Allow` of exactly these methods.
json::Value allow_headers(std::string_view methods);

/// Headers that an answer always has, by the names of their components, and X-Request-Id.
json::Value headers(std::initializer_list<std::string_view> names);

/// The headers of the answer to POST: of a single record they name it.
json::Value new_record_headers();

/// A Response Object for 304 with these headers.
json::Value not_modified(std::initializer_list<std::string_view> names);

/// The components that no resource brings along: problem details and their answers, headers,
/// parameters, and how a token is shown. `is_guarded`: with what AUTH=on adds.
json::Value::Object common_schemas();
json::Value::Object common_responses(bool is_guarded);
json::Value::Object common_headers(bool is_guarded);
json::Value::Object common_parameters();
json::Value::Object security_schemes();

}  // namespace larder::openapi
