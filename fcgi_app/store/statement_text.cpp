#include "store/statement_text.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <charconv>
#include <vector>

namespace larder {

namespace {

/// Where the next parameter begins, or npos. A name in quotes may have a `$` too.
std::size_t find_parameter(std::string_view sql) {
    char quote = '\0';
    for (std::size_t at = 0; at < sql.size(); ++at) {
        const char c = sql[at];
        if (quote != '\0') {
            if (c == quote) quote = '\0';
        } else if (c == '"' || c == '\'') {
            quote = c;
        } else if (c == '$') {
            return at;
        }
    }
    return sql.npos;
}

std::vector<std::string> literals_of(const Statement& statement) {
    std::vector<std::string> literals;
    literals.reserve(statement.values.size());
    for (const auto& value : statement.values) {
        literals.push_back(value ? literal(*value) : "NULL");
    }
    return literals;
}

}  // namespace

std::string literal(std::string_view value) {
    const bool escapes = value.contains('\\');
    std::string text(escapes ? " E'" : "'");
    text.reserve(value.size() + 8);
    for (const char c : value) {
        if (c == '\'' || c == '\\') text += c;
        text += c;
    }
    return text += '\'';
}

std::string execution_of(const std::string& name, const Statement& statement) {
    const auto literals = literals_of(statement);
    return literals.empty() ? fmt::format("EXECUTE {}", name)
                            : fmt::format("EXECUTE {}({})", name, fmt::join(literals, ","));
}

std::string written_out(const Statement& statement) {
    const auto literals = literals_of(statement);
    // SQL of a description has no parameters, and may hold a $ of its own.
    if (literals.empty()) return statement.sql;
    std::string text;
    std::string_view rest = statement.sql;
    for (auto dollar = find_parameter(rest); dollar != rest.npos; dollar = find_parameter(rest)) {
        text += rest.substr(0, dollar);
        std::size_t number = 0;
        const auto [end, error] =
            std::from_chars(rest.data() + dollar + 1, rest.data() + rest.size(), number);
        if (error == std::errc{} && number >= 1 && number <= literals.size()) {
            text += literals[number - 1];
        } else {
            text += rest.substr(dollar, static_cast<std::size_t>(end - rest.data()) - dollar);
        }
        rest.remove_prefix(static_cast<std::size_t>(end - rest.data()));
    }
    return text.append(rest);
}

}  // namespace larder
