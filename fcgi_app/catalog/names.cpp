#include "catalog/names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cctype>

namespace larder {

namespace {

constexpr std::string_view small_letters = "abcdefghijklmnopqrstuvwxyz";
constexpr std::string_view letters = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
constexpr std::string_view digits = "0123456789";
constexpr std::size_t longest_path = 40;  // also of a list: metrics have room for two of them

bool consists_of(std::string_view text, std::string_view first, std::string_view also) {
    return !text.empty() && first.contains(text[0]) &&
           std::ranges::all_of(text, [&](char c) { return first.contains(c) || also.contains(c); });
}

std::string quoted(std::string_view text, char mark) {
    std::string whole(1, mark);
    for (const char c : text) {
        if (c == mark) whole += mark;
        whole += c;
    }
    return whole + mark;
}

// A table has these of its own.
constexpr std::array<std::string_view, 6> system_columns = {"cmax", "cmin", "ctid",
                                                            "xmax", "xmin", "tableoid"};

}  // namespace

std::string misnamed_resource(std::string_view name) {
    if (!consists_of(name, small_letters, "0123456789_") || name.size() > longest_path) {
        return fmt::format(
            "must have a-z, 0-9 and _, begin with a letter and have at most {}"
            " characters",
            longest_path);
    }
    if (std::ranges::find(reserved_paths, name) != reserved_paths.end()) {
        return fmt::format("is a path of Larder's own; choose another name, such as {}_records",
                           name);
    }
    return {};
}

std::string misnamed_field(std::string_view name) {
    if (name == "id") return "is given by the server; choose another name";
    if (!consists_of(name, letters, "0123456789_") || name.size() > longest_column) {
        return fmt::format(
            "must have A-Z, a-z, 0-9 and _, begin with a letter and have at most {}"
            " characters",
            longest_column);
    }
    return {};
}

std::string misnamed_column(std::string_view name) {
    if (auto why = misnamed_table(name); !why.empty()) return why;
    if (std::ranges::find(system_columns, name) != system_columns.end()) {
        return "is a system column of PostgreSQL; choose another name";
    }
    return {};
}

std::string misnamed_table(std::string_view name) {
    if (!name.empty() && name.size() <= longest_column) return {};
    return fmt::format("must have 1 to {} bytes, as PostgreSQL's names have", longest_column);
}

std::string misnamed_schema(std::string_view name) {
    constexpr std::array<std::string_view, 3> taken = {"information_schema", "larder", "sqitch"};
    if (name.starts_with("pg_") || std::ranges::find(taken, name) != taken.end()) {
        return "has tables that are no records; choose another schema";
    }
    return misnamed_table(name);
}

std::string misnamed_list(std::string_view name) {
    const bool is_number = name.find_first_not_of(digits) == name.npos;
    const bool is_uuid =
        name.size() == 36 && name.find_first_not_of("0123456789abcdef-") == name.npos;
    if (!consists_of(name, "abcdefghijklmnopqrstuvwxyz0123456789", "_-") || is_number || is_uuid ||
        name.size() > longest_path) {
        return fmt::format(
            "must have a-z, 0-9, _ and -, no look of an id, and at most {}"
            " characters",
            longest_path);
    }
    return {};
}

std::string misnamed_member(std::string_view name) {
    if (name == "cached") return "stands there already; choose another name";
    return misnamed_field(name);
}

std::string joined(std::string_view name) {
    std::string out;
    bool starts_word = true;
    for (const char c : name) {
        const auto letter = static_cast<unsigned char>(c);
        if (std::isalnum(letter) != 0) {
            out += starts_word ? static_cast<char>(std::toupper(letter)) : c;
        }
        starts_word = std::isalnum(letter) == 0;
    }
    return out;
}

std::string quoted_identifier(std::string_view name) { return quoted(name, '"'); }

std::string quoted_literal(std::string_view text) { return quoted(text, '\''); }

namespace {

/// Needs no quotes in an array: an id, say. NULL would be none of the texts.
bool is_plain_element(std::string_view text) {
    const auto is_plain = [](unsigned char c) {
        return std::isdigit(c) != 0 || c == '-' || (c >= 'a' && c <= 'f');
    };
    return !text.empty() && std::ranges::all_of(text, is_plain);
}

}  // namespace

std::string quoted_array(std::span<const std::string> texts) {
    std::string array = "{";
    for (const std::string& text : texts) {
        if (array.size() > 1) array += ',';
        if (is_plain_element(text)) {
            array += text;
            continue;
        }
        array += '"';
        for (const char c : text) {
            if (c == '"' || c == '\\') array += '\\';
            array += c;
        }
        array += '"';
    }
    return array + '}';
}

}  // namespace larder
