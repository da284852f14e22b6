#pragma once

#include <string>
#include <string_view>

#include "store/statements.hpp"

namespace larder {

/// The text of a statement as it travels to PostgreSQL, with its values in it as literals. Pure;
/// any thread.

/// A literal that means the same whatever standard_conforming_strings says.
std::string literal(std::string_view value);

/// The statement with a literal in the place of each parameter.
std::string written_out(const Statement& statement);

/// EXECUTE of the statement, which was prepared under this name.
std::string execution_of(const std::string& name, const Statement& statement);

}  // namespace larder
