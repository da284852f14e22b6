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

// A query of 8 KiB has room for 4,000 names; the answer must not be many times as long.
constexpr std::size_t most_errors = 50;

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

std::string unknown_text(std::string_view name, std::span<const std::string_view> known) {
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
    return fmt::format("is not a known parameter; known here: {}", fmt::join(known, ", "));
}

}  // namespace

std::vector<FieldError> check_parameters(std::string_view query,
                                         std::span<const std::string_view> known) {
    std::vector<FieldError> errors;
    std::set<std::string, std::less<>> seen;
    std::set<std::string, std::less<>> reported;
    const auto refuse = [&](const std::string& name, std::string why) {
        if (reported.insert(name).second) errors.push_back(refused_parameter(name, std::move(why)));
    };
    while (!query.empty() && errors.size() < most_errors) {
        const std::string_view pair = query.substr(0, query.find('&'));
        query.remove_prefix(std::min(pair.size() + 1, query.size()));
        if (pair.empty()) continue;
        const std::size_t equals = std::min(pair.find('='), pair.size());
        const std::string_view sent_name = pair.substr(0, equals);
        const std::string_view sent_value = pair.substr(std::min(equals + 1, pair.size()));
        const std::string name = form_decoded(sent_name);
        if (!is_percent_encoded(sent_name) || !json::is_utf8(name)) {
            refuse(ascii(sent_name), "is not percent-encoded UTF-8");
        } else if (std::ranges::find(known, name) == known.end()) {
            refuse(name, unknown_text(name, known));
        } else if (!seen.insert(name).second) {
            refuse(name, "is given more than once");
        } else if (!is_percent_encoded(sent_value) || !json::is_utf8(form_decoded(sent_value))) {
            refuse(name, "has a value that is not percent-encoded UTF-8");
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
