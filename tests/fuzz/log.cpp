#include "observe/log.hpp"

#include <spdlog/sinks/ostream_sink.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <memory>
#include <sstream>
#include <string>
#include <string_view>

#include "fuzz/input.hpp"
#include "fuzz/json_judge.hpp"
#include "fuzz/target.hpp"

using namespace larder;

namespace {

/// The line that a value makes, without time and program.
std::string line_of(LogFormat format, std::string_view value, std::string_view request) {
    constexpr const char* program = "fuzz";
    spdlog::drop(program);
    start_log(program, false, format);
    std::ostringstream lines;
    auto sink = std::make_shared<spdlog::sinks::ostream_sink_st>(lines);
    sink->set_pattern("%v");
    spdlog::default_logger()->sinks() = {sink};
    const LoggedRequest logged(request, value);
    log_info("seen", {{"value", value}});
    spdlog::default_logger()->sinks().clear();
    return lines.str();
}

bool is_one_line(std::string_view line) {
    return std::ranges::count(line, '\n') == 1 && line.ends_with('\n') &&
           std::ranges::none_of(line.substr(0, line.size() - 1), [](char c) {
               return static_cast<unsigned char>(c) < 0x20 || c == 0x7F;
           });
}

/// Skips `key=value`, quoted or bare, at the front; gives whether it was one.
bool skip_field(std::string_view& line, std::string_view key) {
    if (!line.starts_with(key) || !line.substr(key.size()).starts_with('=')) return false;
    line.remove_prefix(key.size() + 1);
    if (!line.starts_with('"')) {
        line.remove_prefix(std::min(line.find_first_of(" \""), line.size()));
        return true;
    }
    for (std::size_t at = 1; at < line.size(); ++at) {
        if (line[at] == '\\') {
            ++at;
        } else if (line[at] == '"') {
            line.remove_prefix(at + 1);
            return true;
        }
    }
    return false;
}

void check_text(std::string_view line, bool has_request, bool has_trace) {
    MUST(is_one_line(line));
    MUST(fuzz::is_utf8_text(line));
    line.remove_suffix(1);
    const auto next = [&](std::string_view key, bool is_there) {
        if (!is_there) return;
        MUST(line.starts_with(' '));
        line.remove_prefix(1);
        MUST(skip_field(line, key));
    };
    MUST(skip_field(line, "event"));
    next("value", true);
    next("request", has_request);
    next("trace", has_trace);
    MUST(line.empty());
}

void check_json(std::string_view line, std::string_view value, std::size_t members) {
    MUST(is_one_line(line));
    line.remove_suffix(1);
    // The judge refuses NUL, as the contract has it for bodies; in a log its escape is in order.
    std::string object = "{" + std::string(line) + "}";
    for (auto at = object.find('\\'); at != object.npos; at = object.find('\\', at + 2)) {
        if (object.substr(at, 6) == "\\u0000") object[at + 5] = '1';
    }
    const auto judged = fuzz::judge(object);
    MUST(judged && judged->members.size() == members);
    MUST(judged->members[0].name == "event" && judged->members[0].text == "seen");
    MUST(judged->members[1].name == "value");
    const bool is_kept = fuzz::is_utf8_text(value) && value.find('\0') == value.npos;
    MUST(!is_kept || judged->members[1].text == value);
}

}  // namespace

// A line stays one line with the fields that it was given, whatever stands in them. The ids are cut
// at 64 bytes, in the middle of a character perhaps.
FUZZ_TARGET(log) {
    fuzz::Input decisions(input);
    const std::string_view request = decisions.until('\n');
    const std::string_view value = decisions.rest();
    check_text(line_of(LogFormat::text, value, request), !request.empty(), !value.empty());
    check_json(line_of(LogFormat::json, value, request), value,
               2U + (request.empty() ? 0U : 1U) + (value.empty() ? 0U : 1U));
}
