// Descriptions that somebody has typed wrongly: each is still a valid one, or it is refused with
// mistakes that have a place. Nothing crashes, and nothing throws.
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>
#include <vector>

#include "catalog/description.hpp"

using namespace larder;

namespace {

namespace fs = std::filesystem;

// The invoices of the contract, and of each other type a field.
constexpr std::string_view invoices = R"(title = "Invoice"
id    = "integer"
page  = { default = 100, max = 1000 }

[fields]
number   = { type = "text", min = 1, max = 20, unique = true }
total    = { type = "decimal", min = "-999999999.99", max = "999999999.99", scale = 2, filter = true }
state    = { type = "enum", values = ["draft", "sent", "paid"], default = "draft", filter = true }
issued   = { type = "date", example = "2026-11-28", sort = true }
paid_at  = { type = "timestamp", optional = true }
due_at   = { type = "datetime", optional = true, read_only = true }
is_sent  = { type = "boolean", default = false }
rate     = { type = "float", default = 0.19 }
token    = { type = "uuid", optional = true, unique = true }
extra    = { type = "json", optional = true, default = { colours = ["red", 1, true] } }
copies   = { type = "integer", min = 0, max = 99, optional = true, example = 2 }
weight   = { type = "float", fill = "rate * 2" }
customer = { type = "reference", to = "customers", on_delete = "clear", optional = true }
parent   = { type = "reference", to = "invoices", unique = true, example = 7 }
note     = { type = "text", max = 2000, optional = true, search = true, meaning = "For people", column = "remark" }

[lists.large]
where = "total > 1000 AND note <> 'paid'"
order = ["-total", "issued", "id"]
)";

// A table that was there before.
constexpr std::string_view orders = R"(title = "Order"
id     = { type = "uuid", column = "Order ID", generate = true }
table  = "Order \"Details\""
schema = "sales"
create = true
read_only = false

[fields]
ordered = { type = "timestamp", database_default = true, column = "Ordered" }
tags    = { type = "other", read_only = true, optional = true }
)";

std::vector<std::string> sound_descriptions() {
    std::vector<std::string> all = {std::string(invoices), std::string(orders)};
    for (const auto& file : fs::directory_iterator(LARDER_RESOURCES)) {
        std::ifstream in(file.path());
        all.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
    }
    return all;
}

/// Whether it is valid; if not, the mistakes have to be of use.
bool judge(const std::string& text) {
    const auto description = read_description("invoices", text);
    if (description) return true;
    const auto lines = static_cast<std::uint32_t>(std::ranges::count(text, '\n') + 1);
    bool is_of_use = !description.error().empty();
    for (const Mistake& mistake : description.error()) {
        is_of_use = is_of_use && mistake.at.line >= 1 && mistake.at.line <= lines &&
                    mistake.at.column >= 1 && !mistake.text.empty() &&
                    mistake.text.find('\n') == std::string::npos;
    }
    if (!is_of_use) BOOST_TEST(false, text);
    return false;
}

/// Where the keys of a description are: words before an equals sign, and in headers.
std::vector<std::pair<std::size_t, std::size_t>> keys_of(const std::string& text) {
    std::vector<std::pair<std::size_t, std::size_t>> found;
    bool in_string = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '"') in_string = !in_string;
        if (text[at] == '#' && !in_string) at = text.find('\n', at);
        const auto end = text.find_first_not_of("abcdefghijklmnopqrstuvwxyz_", at);
        if (in_string || end == at || end == text.npos) continue;
        const auto next = text.find_first_not_of(' ', end);
        if (next != text.npos && (text[next] == '=' || text[next] == ']'))
            found.emplace_back(at, end);
        at = end - 1;
    }
    return found;
}

/// Where the values are: from behind an equals sign to a comma, a brace or the end of the line.
std::vector<std::pair<std::size_t, std::size_t>> values_of(const std::string& text) {
    std::vector<std::pair<std::size_t, std::size_t>> found;
    for (std::size_t at = text.find(" = "); at != text.npos; at = text.find(" = ", at + 1)) {
        const auto begin = at + 3;
        auto end = text[begin] == '{' || text[begin] == '[' ? text.find('\n', begin)
                                                            : text.find_first_of(",}\n", begin);
        if (text[begin] == '"' || text[begin] == '\'') end = text.find(text[begin], begin + 1) + 1;
        found.emplace_back(begin, std::min(end, text.size()));
    }
    return found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(broken_descriptions)

BOOST_AUTO_TEST_CASE(these_are_sound) {
    for (const auto& text : sound_descriptions()) BOOST_TEST(judge(text));
}

BOOST_AUTO_TEST_CASE(any_character_may_be_missing_or_doubled) {
    std::size_t refused = 0;
    for (const auto& text : sound_descriptions()) {
        for (std::size_t at = 0; at < text.size(); ++at) {
            std::string broken = text;
            refused += !judge(broken.erase(at, 1));
            broken = text;
            refused += !judge(broken.insert(at, 1, text[at]));
            refused += !judge(text.substr(0, at));
        }
    }
    BOOST_TEST(refused > 1000U);
}

BOOST_AUTO_TEST_CASE(a_misspelt_key_is_always_seen) {
    std::size_t tried = 0;
    for (const auto& text : sound_descriptions()) {
        for (const auto& [begin, end] : keys_of(text)) {
            const std::string key = text.substr(begin, end - begin);
            // Names of one's own may be spelt in any way.
            const bool is_own = text.find("[fields]") < begin && text[begin - 1] == '\n';
            if (is_own && key != "where" && key != "order" && key != "from" && key != "meaning") {
                continue;
            }
            if (key == "colours" || (text[end] == ']' && key != "fields")) continue;
            std::string broken = text;
            broken.insert(end, "x");
            BOOST_TEST(!judge(broken), key);
            broken = text;
            broken[begin] = 'x';
            BOOST_TEST(!judge(broken), key);
            ++tried;
        }
    }
    BOOST_TEST(tried > 50U);
}

BOOST_AUTO_TEST_CASE(any_value_may_have_another_type) {
    std::size_t tried = 0;
    for (const auto& text : sound_descriptions()) {
        for (const auto& [begin, end] : values_of(text)) {
            for (const auto* other : {"\"\"",
                                      "\"x\"",
                                      "0",
                                      "-1",
                                      "9223372036854775807",
                                      "1.5",
                                      "nan",
                                      "-inf",
                                      "true",
                                      "false",
                                      "[]",
                                      "[[]]",
                                      "{}",
                                      "{ a = 1 }",
                                      "2026-11-28",
                                      "10:00:00",
                                      "2026-11-28T10:00:00Z",
                                      "\"\\u0000\"",
                                      "\"\\n\"",
                                      "'''\n'''"}) {
                std::string broken = text;
                judge(broken.replace(begin, end - begin, other));
                ++tried;
            }
        }
    }
    BOOST_TEST(tried > 1000U);
}

BOOST_AUTO_TEST_SUITE_END()
