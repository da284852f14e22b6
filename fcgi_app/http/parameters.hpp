#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "error.hpp"

namespace larder::http {

/// One parameter of a query, form-decoded (`+` is a space).
struct Parameter {
    std::string name;
    std::string value;
    bool is_text = true;   ///< the value is UTF-8, and percent-encoded as it has to be
    bool is_plain = true;  ///< it has `=`, hex digits are in upper case, and what RFC 3986 calls
                           ///< unreserved is not encoded
};

/// The parameters of a query in their order. A name that is not percent-encoded UTF-8 is left out
/// and becomes an error. `query` is as it was sent, without `?`. Pure; any thread.
std::vector<Parameter> parameters_of(std::string_view query, std::vector<FieldError>& errors);

/// Of very many errors, so many are named: an answer must not be many times as long as its request.
inline constexpr std::size_t most_errors = 50;

/// Why a parameter is refused.
inline constexpr std::string_view comes_twice = "is given more than once";
inline constexpr std::string_view value_is_no_text =
    "has a value that is not percent-encoded UTF-8";

/// Why a parameter of this name is refused, with the nearest known one, or with those that there
/// are.
std::string unknown_parameter(std::string_view name, std::span<const std::string_view> known);

/// What is wrong with the parameters of a query: one that the route does not know, one that comes
/// twice, one that is not percent-encoded UTF-8. Each name is reported once; of very many, the
/// first. `query` is as it was sent, without `?`. Pure; any thread.
std::vector<FieldError> check_parameters(std::string_view query,
                                         std::span<const std::string_view> known);

/// A refusal of one query parameter.
FieldError refused_parameter(std::string_view name, std::string detail);

/// The error that carries such refusals (`unprocessable`).
Error invalid_parameters(std::vector<FieldError> errors);

}  // namespace larder::http
