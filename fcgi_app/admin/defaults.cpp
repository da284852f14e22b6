// Defaults of columns beside those of fields. PostgreSQL shows a constant in its own spelling.

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cstdint>
#include <string>
#include <system_error>
#include <utility>
#include <variant>
#include <vector>

#include "admin/rules.hpp"
#include "admin/sql_text.hpp"
#include "json/decimal.hpp"
#include "json/document.hpp"
#include "number.hpp"

namespace larder::admin {

namespace {

bool is_number(std::string_view text) {
    const auto document = json::parse(text);
    return document && document->root == json::Type::number && is_storable(text);
}

bool is_same_number(std::string_view a, std::string_view b) {
    return a == b || (is_number(a) && is_number(b) && !is_less(a, b) && !is_less(b, a));
}

bool is_same_float(std::string_view a, std::string_view b) {
    double first = 0;
    double second = 0;
    const auto one = std::from_chars(a.data(), a.data() + a.size(), first);
    const auto two = std::from_chars(b.data(), b.data() + b.size(), second);
    return one.ec == std::errc{} && two.ec == std::errc{} && !(first < second) && !(second < first);
}

/// `2026-11-28 09:30:00.25+00`, as a session in UTC shows an instant, in the spelling of a stored
/// text.
std::string respelled_time(std::string text) {
    if (text.size() > 10 && text[10] == ' ') text[10] = 'T';
    if (text.ends_with("+00")) text.replace(text.size() - 3, 3, "Z");
    return text;
}

/// A number as digits without zeros at the end and a power of ten.
std::string canonical_number(std::string_view text) {
    const auto exponent_at = text.find_first_of("eE");
    std::int64_t exponent = 0;
    if (exponent_at != text.npos) {
        std::string_view power = text.substr(exponent_at + 1);
        if (power.starts_with('+')) power.remove_prefix(1);
        exponent = to_number<std::int64_t>(power).value_or(0);
    }
    std::string digits;
    bool is_fraction = false;
    for (const char c : text.substr(0, exponent_at)) {
        if (c == '.') {
            is_fraction = true;
        } else if (c != '-') {
            if (!digits.empty() || c != '0') digits += c;
            if (is_fraction) --exponent;
        }
    }
    while (digits.ends_with('0')) {
        digits.pop_back();
        ++exponent;
    }
    if (digits.empty()) return "0";
    return fmt::format("{}{}e{}", text.starts_with('-') ? "-" : "", digits, exponent);
}

/// JSON without spaces, the members of an object in the order of their names. The text must be
/// valid.
class CanonicalJson {
public:
    explicit CanonicalJson(std::string_view text) : text_(text) {}

    std::string value() {
        skip();
        if (at_ >= text_.size()) return {};
        if (text_[at_] == '{') return group('}', true);
        if (text_[at_] == '[') return group(']', false);
        if (text_[at_] == '"') return string();
        const auto begin = at_;
        while (at_ < text_.size() && !std::string_view(" \t\r\n,]}").contains(text_[at_])) ++at_;
        const std::string_view word = text_.substr(begin, at_ - begin);
        const bool is_digit = word.find_first_of("0123456789") != word.npos;
        return is_digit ? canonical_number(word) : std::string(word);
    }

private:
    // One level of nesting a call: a description nests 32 deep at most.
    std::string group(char end, bool is_object) {
        const char open = text_[at_++];
        std::vector<std::string> parts;
        for (skip(); at_ < text_.size() && text_[at_] != end; skip()) {
            if (text_[at_] == ',') {
                ++at_;
                continue;
            }
            std::string part = value();
            if (is_object) {
                skip();
                ++at_;  // the colon
                part += ':' + value();
            }
            parts.push_back(std::move(part));
        }
        ++at_;
        if (is_object) std::ranges::sort(parts);
        return fmt::format("{}{}{}", open, fmt::join(parts, ","), end);
    }

    std::string string() {
        const auto begin = at_++;
        while (at_ < text_.size() && text_[at_] != '"') at_ += text_[at_] == '\\' ? 2 : 1;
        ++at_;
        return std::string(text_.substr(begin, at_ - begin));
    }

    void skip() {
        while (at_ < text_.size() && std::string_view(" \t\r\n").contains(text_[at_])) ++at_;
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

}  // namespace

std::string default_sql(const FieldType& type, std::string_view stored) {
    return fmt::format("{}::{}", sql_literal(stored), column_type(type));
}

bool is_same_default(std::string_view expression, const FieldType& type, std::string_view stored) {
    std::string value;
    if (!is_constant(expression, value)) return false;
    if (std::holds_alternative<Integer>(type) || std::holds_alternative<Decimal>(type) ||
        std::holds_alternative<Reference>(type)) {
        return is_same_number(value, stored);
    }
    if (std::holds_alternative<Float>(type)) return is_same_float(value, stored);
    if (std::holds_alternative<Timestamp>(type) || std::holds_alternative<DateTime>(type)) {
        return respelled_time(value) == stored;
    }
    if (std::holds_alternative<Json>(type)) {
        return CanonicalJson(value).value() == CanonicalJson(stored).value();
    }
    return value == stored;
}

}  // namespace larder::admin
