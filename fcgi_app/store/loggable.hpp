#pragma once

#include <string>
#include <string_view>

namespace larder {

/// What a log may have of an error that PostgreSQL reports: the first line of the message, or only
/// the SQLSTATE where the message can quote a value of a record ("invalid input syntax for type
/// integer: …", or what a trigger raises). `state`: the SQLSTATE; empty if there is none, as for an
/// error of the connection. `message`: as libpq gives it.
std::string loggable(std::string_view state, std::string_view message);

}  // namespace larder
