#include "json/document.hpp"

#include <algorithm>
#include <ranges>

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
    auto large = judged->numbers | std::views::filter([](const auto& number) {
                     return !is_storable(number.text);
                 }) |
                 std::views::transform(&fuzz::Judgement::Number::pointer);
    const auto [noted, all] = std::ranges::mismatch(parsed->unstorable, large);
    MUST(noted == parsed->unstorable.end());
    MUST(all == large.end() || !parsed->unstorable.empty());
}
