#include "json/text.hpp"

#include <cstddef>
#include <string>

#include "fuzz/json_judge.hpp"
#include "fuzz/target.hpp"
#include "json/value.hpp"

using namespace larder;

// What is UTF-8, how long it is, and that what is written as a JSON string is read again.
FUZZ_TARGET(text) {
    MUST(json::is_utf8(input) == fuzz::is_utf8_text(input));
    if (!json::is_utf8(input)) return;
    std::size_t points = 0;
    for (std::size_t length = 0, end = 1; end <= input.size(); ++end) {
        if (!fuzz::is_utf8_text(input.substr(length, end - length))) continue;
        length = end;
        ++points;
    }
    MUST(json::code_points(input) == points);
    if (input.find('\0') != input.npos) return;
    const std::string quoted = "{\"a\":" + json::quoted(input) + "}";
    const auto judged = fuzz::judge(quoted);
    MUST(judged && judged->members.size() == 1 && judged->members[0].text == input);
    const json::Value value(json::Value::Object{{std::string(input), json::Value(input)}});
    const auto composed = fuzz::judge(value.text());
    MUST(composed && composed->members.size() == 1);
    MUST(composed->members[0].name == input && composed->members[0].text == input);
}
