#include "http/parameters.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>
#include <set>
#include <utility>

#include "json/text.hpp"
#include "percent.hpp"

namespace larder::http {

namespace {

bool is_percent_encoded(std::string_view text) {
    for (std::size_t at = text.find('%'); at != text.npos; at = text.find('%', at + 1)) {
        const auto is_hex = [&](std::size_t i) {
            return i < text.size() && std::isxdigit(static_cast<unsigned char>(text[i])) != 0;
        };
        if (!is_hex(at + 1) || !is_hex(at + 2)) return false;
    }
    return true;
}

std::string form_decoded(std::string_view text) {
    std::string plain(text);
    std::ranges::replace(plain, '+', ' ');
    return percent_decoded(plain);
}

/// As it was sent, in ASCII: what cannot be decoded must still be named in JSON.
std::string ascii(std::string_view text) {
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte > ' ' && byte < 0x7F) {
            out += c;
        } else {
            out += fmt::format("%{:02X}", byte);
        }
    }
    return out;
}

bool is_unreserved(unsigned char byte) {
    return std::isalnum(byte) != 0 || std::string_view("-._~").contains(static_cast<char>(byte));
}

/// For text that is percent-encoded.
bool is_plainly_encoded(std::string_view text) {
    for (std::size_t at = text.find('%'); at != text.npos; at = text.find('%', at + 1)) {
        const std::string_view escape = text.substr(at, 3);
        if (std::ranges::any_of(escape, [](char c) { return c >= 'a' && c <= 'f'; })) return false;
        if (is_unreserved(static_cast<unsigned char>(percent_decoded(escape)[0]))) return false;
    }
    return true;
}

/// The Levenshtein distance.
std::size_t distance(std::string_view a, std::string_view b) {
    std::vector<std::size_t> row(b.size() + 1);
    for (std::size_t at = 0; at < row.size(); ++at) row[at] = at;
    for (std::size_t i = 1; i <= a.size(); ++i) {
        std::size_t diagonal = std::exchange(row[0], i);
        for (std::size_t j = 1; j <= b.size(); ++j) {
            const std::size_t replaced = diagonal + (a[i - 1] == b[j - 1] ? 0 : 1);
            diagonal = row[j];
            row[j] = std::min({row[j] + 1, row[j - 1] + 1, replaced});
        }
    }
    return row.back();
}

}  // namespace

std::string unknown_parameter(std::string_view name, std::span<const std::string_view> known) {
    constexpr std::size_t far = 3;
    std::string_view nearest;
    std::size_t least = far;
    for (const std::string_view candidate : known) {
        if (name.size() > candidate.size() + far || candidate.size() > name.size() + far) continue;
        const std::size_t apart = distance(name, candidate);
        if (apart < least && apart < candidate.size()) {
            least = apart;
            nearest = candidate;
        }
    }
    if (!nearest.empty()) {
        return fmt::format("is not a known parameter; did you mean '{}'?", nearest);
    }
    if (known.empty()) return "is not a known parameter; this path takes none";
    constexpr std::size_t most_names = 20;
    const auto some = known.first(std::min(known.size(), most_names));
    return fmt::format("is not a known parameter; known here: {}{}", fmt::join(some, ", "),
                       some.size() < known.size() ? ", …" : "");
}

std::vector<Parameter> parameters_of(std::string_view query, std::vector<FieldError>& errors) {
    std::vector<Parameter> parameters;
    while (!query.empty() && errors.size() < most_errors) {
        const std::string_view pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(pair.size() + 1, query.size()));
        if (pair.empty()) continue;
        const std::size_t equals = std::min(pair.find('='), pair.size());
        const std::string_view name = pair.substr(0, equals);
        const std::string_view value = pair.substr(std::min(equals + 1, pair.size()));
        Parameter one{.name = form_decoded(name), .value = form_decoded(value)};
        if (!is_percent_encoded(name) || !json::is_utf8(one.name)) {
            const std::string shown = ascii(name);
            const auto is_there = [&](const FieldError& error) { return error.parameter == shown; };
            if (std::ranges::any_of(errors, is_there)) continue;
            errors.push_back(refused_parameter(shown, "is not percent-encoded UTF-8"));
            continue;
        }
        one.is_text = is_percent_encoded(value) && json::is_utf8(one.value);
        one.is_plain = one.is_text && equals < pair.size() && is_plainly_encoded(pair);
        parameters.push_back(std::move(one));
    }
    return parameters;
}

std::vector<FieldError> check_parameters(std::string_view query,
                                         std::span<const std::string_view> known) {
    std::vector<FieldError> errors;
    std::set<std::string, std::less<>> seen;
    std::set<std::string, std::less<>> reported;
    const auto refuse = [&](const std::string& name, std::string why) {
        if (errors.size() == most_errors || !reported.insert(name).second) return;
        errors.push_back(refused_parameter(name, std::move(why)));
    };
    for (const Parameter& one : parameters_of(query, errors)) {
        if (std::ranges::find(known, one.name) == known.end()) {
            refuse(one.name, unknown_parameter(one.name, known));
        } else if (!seen.insert(one.name).second) {
            refuse(one.name, std::string(comes_twice));
        } else if (!one.is_text) {
            refuse(one.name, std::string(value_is_no_text));
        }
    }
    return errors;
}

FieldError refused_parameter(std::string_view name, std::string detail) {
    return {.pointer = {}, .detail = std::move(detail), .parameter = std::string(name)};
}

Error invalid_parameters(std::vector<FieldError> errors) {
    return {.kind = ErrorKind::unprocessable,
            .detail = "The query has invalid parameters.",
            .fields = std::move(errors)};
}

}  // namespace larder::http
