#include "admin/sql_text.hpp"

#include <fmt/format.h>

#include <cctype>
#include <cstdint>

#include "catalog/names.hpp"

namespace larder::admin {

namespace {

/// FNV-1a: names must be the same on every machine and in every version.
std::uint32_t hash_of(std::string_view text) {
    std::uint32_t hash = 2166136261U;
    for (const char c : text) hash = (hash ^ static_cast<unsigned char>(c)) * 16777619U;
    return hash;
}

/// Never a part of a character.
std::string_view cut(std::string_view text, std::size_t bytes) {
    if (text.size() <= bytes) return text;
    while (bytes > 0 && (text[bytes] & 0xC0) == 0x80) --bytes;
    return text.substr(0, bytes);
}

/// Reads a constant from the front of an expression.
class Constant {
public:
    explicit Constant(std::string_view text) : text_(text) {}

    bool read(std::string& value) { return primary(value) && at_ == text_.size(); }

private:
    bool primary(std::string& value) {
        skip_spaces();
        if (take('(')) {
            if (!primary(value)) return false;
            skip_spaces();
            if (!take(')')) return false;
        } else if (at_ < text_.size() &&
                   (text_[at_] == '\'' || text_.substr(at_).starts_with("E'"))) {
            if (!quoted(value)) return false;
        } else if (!word(value)) {
            return false;
        }
        casts();
        return true;
    }

    bool quoted(std::string& value) {
        const bool has_escapes = take('E');
        take('\'');
        while (at_ < text_.size()) {
            const char c = text_[at_++];
            if (c == '\'') {
                if (!take('\'')) return true;
                value += '\'';
            } else if (c == '\\' && has_escapes && at_ < text_.size()) {
                value += text_[at_++];
            } else {
                value += c;
            }
        }
        return false;
    }

    bool word(std::string& value) {
        while (at_ < text_.size() && (std::isdigit(static_cast<unsigned char>(text_[at_])) != 0 ||
                                      std::string_view("+-.eE").contains(text_[at_]))) {
            value += text_[at_++];
        }
        if (!value.empty()) return value.find_first_of("0123456789") != std::string::npos;
        for (const std::string_view name : {"true", "false"}) {
            if (!text_.substr(at_).starts_with(name)) continue;
            value = name;
            at_ += name.size();
            return true;
        }
        return false;
    }

    // A type: words, a name in quotes, a modifier in brackets.
    void casts() {
        skip_spaces();
        while (text_.substr(at_).starts_with("::")) {
            at_ += 2;
            int open = 0;
            bool is_quoted = false;
            while (at_ < text_.size()) {
                const char c = text_[at_];
                if (c == '"') is_quoted = !is_quoted;
                if (!is_quoted && c == '(') ++open;
                if (!is_quoted && c == ')' && --open < 0) break;
                if (!is_quoted && open == 0 && c == ':') break;
                const bool is_part = is_quoted || open > 0 || c == '"' || c == ')' || c == '_' ||
                                     c == '.' || c == ' ' || c == '[' || c == ']' ||
                                     (c & 0x80) != 0 ||
                                     std::isalnum(static_cast<unsigned char>(c)) != 0;
                if (!is_part) break;
                ++at_;
            }
        }
    }

    bool take(char c) {
        if (at_ >= text_.size() || text_[at_] != c) return false;
        ++at_;
        return true;
    }
    void skip_spaces() {
        while (at_ < text_.size() && text_[at_] == ' ') ++at_;
    }

    std::string_view text_;
    std::size_t at_ = 0;
};

}  // namespace

std::string sql_literal(std::string_view text) {
    std::string quoted = text.contains('\\') ? "E'" : "'";
    for (const char c : text) {
        if (c == '\'' || c == '\\') quoted += c;
        quoted += c;
    }
    return quoted + '\'';
}

std::string sql_table(std::string_view schema, std::string_view name) {
    return (schema == "public" ? "public" : quoted_identifier(schema)) + '.' +
           quoted_identifier(name);
}

std::string sql_columns(const std::vector<std::string>& names) {
    std::string list;
    for (const std::string& name : names) {
        list += (list.empty() ? "" : ", ") + quoted_identifier(name);
    }
    return list;
}

std::string hash_name(std::string_view text) { return fmt::format("{:08x}", hash_of(text)); }

std::string sql_name(std::initializer_list<std::string_view> parts) {
    std::string name;
    std::string_view suffix;
    for (const std::string_view part : parts) {
        name += (name.empty() ? "" : "_") + std::string(part);
        suffix = part;
    }
    if (name.size() <= longest_column) return name;
    const std::string end = fmt::format("_{}_{}", hash_name(name), suffix);
    return std::string(cut(name, longest_column - end.size())) + end;
}

bool is_constant(std::string_view expression, std::string& value) {
    value.clear();
    return Constant(expression).read(value);
}

std::string shown_count(double count) {
    std::string digits = fmt::format("{:.0f}", count);
    for (auto at = static_cast<int>(digits.size()) - 3; at > 0; at -= 3) {
        digits.insert(static_cast<std::size_t>(at), 1, ',');
    }
    return digits;
}

}  // namespace larder::admin
