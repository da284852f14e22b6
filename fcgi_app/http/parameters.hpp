#pragma once

#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "error.hpp"

namespace larder::http {

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
