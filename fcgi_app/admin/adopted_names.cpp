#include "admin/adopted_names.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>
#include <utility>

#include "catalog/names.hpp"

namespace larder::admin {

namespace {

constexpr std::size_t longest_resource = 40;
constexpr std::size_t longest_title = 60;

bool is_upper(char c) { return c >= 'A' && c <= 'Z'; }
bool is_lower(char c) { return c >= 'a' && c <= 'z'; }
bool is_digit(char c) { return c >= '0' && c <= '9'; }
char lower(char c) { return is_upper(c) ? static_cast<char>(c - 'A' + 'a') : c; }

/// Letters and digits of ASCII; what is between them becomes one `_`.
std::string words_of(std::string_view name) {
    std::string words;
    for (const char c : name) {
        const bool is_kept = is_upper(c) || is_lower(c) || is_digit(c);
        if (is_kept) {
            words += c;
        } else if (!words.ends_with('_')) {
            words += '_';
        }
    }
    words.erase(0, std::min(words.find_first_not_of("_0123456789"), words.size()));
    while (words.ends_with('_')) words.pop_back();
    return words;
}

/// `OrderDetails` as `order_details`, `categoryID` as `category_id`.
std::string in_snake_case(std::string_view words) {
    std::string snake;
    for (std::size_t i = 0; i < words.size(); ++i) {
        const bool begins_word =
            is_upper(words[i]) && i > 0 && words[i - 1] != '_' &&
            (!is_upper(words[i - 1]) || (i + 1 < words.size() && is_lower(words[i + 1])));
        if (begins_word) snake += '_';
        snake += lower(words[i]);
    }
    return snake;
}

/// The first of `name`, `name_2`, … that is free.
template <class IsFree>
std::string first_free(std::string name, std::size_t longest, IsFree is_free) {
    name.resize(std::min(name.size(), longest));
    if (is_free(name)) return name;
    for (int number = 2;; ++number) {
        const std::string ending = fmt::format("_{}", number);
        std::string other = name.substr(0, longest - ending.size()) + ending;
        if (is_free(other)) return other;
    }
}

std::string singular(std::string word) {
    if (word.ends_with("ies") && word.size() > 4) return word.substr(0, word.size() - 3) + 'y';
    for (const std::string_view ending : {"sses", "shes", "ches", "xes", "zes"}) {
        if (word.ends_with(ending)) return word.substr(0, word.size() - 2);
    }
    for (const std::string_view ending : {"ss", "us", "is", "series", "news"}) {
        if (word.ends_with(ending)) return word;
    }
    if (word.ends_with('s') && word.size() > 2) word.pop_back();
    return word;
}

std::array<std::string, 3> schemas_of(std::string_view title) {
    const std::string name = joined(title);
    return {name, "New" + name, name + "Change"};
}

}  // namespace

AdoptedNames::AdoptedNames(std::span<const Resource> described)
    : documented_({"Health", "Problem"}), tags_({"Service", "Documentation"}) {
    for (const Resource& one : described) {
        resources_.insert(one.name);
        tags_.insert(joined(one.name));
        for (auto& name : schemas_of(one.title)) documented_.insert(std::move(name));
    }
}

std::string AdoptedNames::resource(std::string_view schema, std::string_view table) {
    const auto is_free = [&](const std::string& name) {
        return misnamed_resource(name).empty() && !resources_.contains(name) &&
               !tags_.contains(joined(name));
    };
    std::string name = in_snake_case(words_of(table));
    if (name.empty()) name = "records";
    if (std::ranges::find(reserved_paths, name) != reserved_paths.end()) name += "_records";
    if (!is_free(name) && schema != "public") {
        const std::string longer = in_snake_case(words_of(fmt::format("{}_{}", schema, name)));
        if (is_free(longer)) name = longer;
    }
    name = first_free(name, longest_resource, is_free);
    resources_.insert(name);
    tags_.insert(joined(name));
    return name;
}

std::string AdoptedNames::title(std::string_view resource) {
    std::string text(resource);
    std::ranges::replace(text, '_', ' ');
    const auto last = text.rfind(' ') + 1;  // 0 where there is none
    text = text.substr(0, last) + singular(text.substr(last));
    text.resize(std::min(text.size(), longest_title - 4));
    while (text.ends_with(' ')) text.pop_back();
    text[0] = static_cast<char>(std::toupper(static_cast<unsigned char>(text[0])));
    if (take_title(text)) return text;
    for (int number = 2;; ++number) {
        std::string other = fmt::format("{} {}", text, number);
        if (take_title(other)) return other;
    }
}

bool AdoptedNames::take_title(const std::string& title) {
    auto names = schemas_of(title);
    const bool is_free =
        std::ranges::none_of(names, [&](const auto& name) { return documented_.contains(name); });
    if (is_free) {
        for (auto& name : names) documented_.insert(std::move(name));
    }
    return is_free;
}

std::string field_name(std::string_view column, const std::set<std::string, std::less<>>& taken) {
    std::string name = words_of(column);
    if (name.empty()) name = "field";
    return first_free(name, longest_column, [&](const std::string& one) {
        return misnamed_field(one).empty() && !taken.contains(one);
    });
}

}  // namespace larder::admin
