#include "json/document.hpp"

#include <algorithm>
#include <string>
#include <vector>

#include "fuzz/json_judge.hpp"
#include "fuzz/target.hpp"
#include "json/decimal.hpp"
#include "json/text.hpp"

using namespace larder;

namespace {

bool is_same(const json::Member& one, const json::Member& other) {
    return one.name == other.name && one.type == other.type && one.text == other.text;
}

void check_strings(const json::Document& document) {
    for (const json::Member& member : document.members) {
        const auto again = fuzz::judge("{" + json::quoted(member.name) + ":0}");
        MUST(again && again->members.size() == 1 && again->members[0].name == member.name);
        MUST(document.find(member.name) == &member);
    }
}

bool is_in_id(const fuzz::Judgement& judged, std::string_view pointer) {
    return judged.root == json::Type::object && (pointer == "/id" || pointer.starts_with("/id/"));
}

/// What is said of the numbers that are stored.
void check_numbers(const json::Document& document, const fuzz::Judgement& judged) {
    std::vector<std::string> large;
    std::size_t growth = 0;
    for (const auto& [pointer, text] : judged.numbers) {
        if (is_in_id(judged, pointer)) continue;
        if (!is_storable(text)) {
            large.push_back(pointer);
        } else if (const auto digits = static_cast<std::size_t>(written_digits(text));
                   digits > text.size()) {
            growth += digits - text.size();
        }
    }
    MUST(document.growth == growth);
    const auto [noted, all] = std::ranges::mismatch(document.unstorable, large);
    MUST(noted == document.unstorable.end());
    MUST(all == large.end() || !document.unstorable.empty());
}

}  // namespace

// The judge and the parser agree on what is JSON, and on what it says.
FUZZ_TARGET(json) {
    const auto parsed = json::parse(input);
    const auto judged = fuzz::judge(input);
    MUST(parsed.has_value() == judged.has_value());
    MUST(json::is_utf8(input) == fuzz::is_utf8_text(input));
    if (!parsed) {
        MUST(!parsed.error().empty());
        return;
    }
    MUST(parsed->root == judged->root);
    MUST(std::ranges::equal(parsed->members, judged->members, is_same));
    check_strings(*parsed);
    check_numbers(*parsed, *judged);
}
