#pragma once

#include <string>
#include <string_view>

namespace larder::bulk {

/// A line of CSV, as PostgreSQL has rendered it for an export (store/statements.cpp), such that no
/// spreadsheet takes a text in it for a formula: an apostrophe stands before a text that begins
/// with `=`, `+`, `-`, `@`, their full-width forms, a tab or a line break (OWASP, "CSV Injection").
/// Texts are what is in quotes. An import would not give back the same. Pure.
std::string for_spreadsheet(std::string_view line);

}  // namespace larder::bulk
