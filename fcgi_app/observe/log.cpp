#include "observe/log.hpp"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <array>
#include <cstddef>
#include <string>

#include "json/text.hpp"

namespace larder {

namespace {

/// A copy of an id, so that a line may be written after its request has ended. Without a
/// constructor, because every request sets these.
struct Id {
    std::array<char, 64> text;
    std::size_t size;

    void set(std::string_view id) { size = id.copy(text.data(), text.size()); }
    std::string_view view() const { return {text.data(), size}; }
};

struct Ids {
    Id request;
    Id trace;
    Id user;
};

LogFormat chosen_format = LogFormat::text;  // set before the first line, by start_log
constinit thread_local Ids current_ids{};

unsigned char byte(char c) { return static_cast<unsigned char>(c); }

bool is_plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_./:@+*,").find(c) != std::string_view::npos;
}

/// The length of the UTF-8 character that `text` begins with; 0: it begins with none.
std::size_t character_length(std::string_view text) {
    for (std::size_t length = 1; length <= std::min<std::size_t>(4, text.size()); ++length) {
        if (json::is_utf8(text.substr(0, length))) return length;
    }
    return 0;
}

/// Of a character of up to three bytes.
unsigned code_point(std::string_view character) {
    unsigned point = byte(character.front());
    if (character.size() == 2) point &= 0x1FU;
    if (character.size() == 3) point &= 0x0FU;
    for (const char c : character.substr(1)) point = (point << 6U) | (byte(c) & 0x3FU);
    return point;
}

/// Control characters, and what ends lines or turns the direction of writing in some viewers.
bool is_control(std::string_view character) {
    if (character.size() > 3) return false;
    const unsigned point = code_point(character);
    return point < 0x20 || (point >= 0x7F && point <= 0x9F) || point == 0x061C || point == 0x200E ||
           point == 0x200F || (point >= 0x2028 && point <= 0x202E) ||
           (point >= 0x2066 && point <= 0x2069);
}

void append_bytes(std::string& line, std::string_view bytes) {
    for (const char c : bytes) line += fmt::format("\\x{:02x}", byte(c));
}

void append_quoted(std::string& line, std::string_view value, LogFormat format) {
    line += '"';
    while (!value.empty()) {
        const std::size_t length = character_length(value);
        const std::string_view character = value.substr(0, std::max<std::size_t>(1, length));
        const bool is_readable = length != 0 && !is_control(character);
        if (is_readable) {
            if (character == "\"" || character == "\\") line += '\\';
            line += character;
        } else if (format == LogFormat::text) {
            append_bytes(line, character);
        } else {
            line += fmt::format("\\u{:04x}", length == 0 ? 0xFFFD : code_point(character));
        }
        value.remove_prefix(character.size());
    }
    line += '"';
}

void append_text(std::string& line, std::string_view key, std::string_view value) {
    if (!line.empty()) line += ' ';
    line.append(key).append("=");
    if (!value.empty() && std::ranges::all_of(value, is_plain)) {
        line += value;
    } else {
        append_quoted(line, value, LogFormat::text);
    }
}

void append_json(std::string& line, std::string_view key, std::string_view value) {
    if (!line.empty()) line += ',';
    line.append("\"").append(key).append("\":");
    append_quoted(line, value, LogFormat::json);
}

void write(spdlog::level::level_enum level, std::string_view event, LogFields fields) {
    if (!spdlog::should_log(level)) return;
    const auto append = chosen_format == LogFormat::json ? append_json : append_text;
    std::string line;
    append(line, "event", event);
    for (const auto& [key, value] : fields) append(line, key, value);
    if (current_ids.request.size != 0) append(line, "request", current_ids.request.view());
    if (current_ids.trace.size != 0) append(line, "trace", current_ids.trace.view());
    if (current_ids.user.size != 0) append(line, "user", current_ids.user.view());
    spdlog::default_logger_raw()->log(level, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace

void start_log(std::string_view program, bool debug, LogFormat format) {
    auto logger = spdlog::stderr_logger_mt(std::string(program));
    chosen_format = format;
    logger->set_pattern(
        format == LogFormat::json
            ? R"({"time":"%Y-%m-%dT%H:%M:%S.%e%z","level":"%l","program":"%n","pid":%P,%v})"
            : "time=%Y-%m-%dT%H:%M:%S.%e%z level=%l program=%n pid=%P %v");
    logger->set_level(debug ? spdlog::level::debug : spdlog::level::info);
    logger->flush_on(spdlog::level::debug);
    spdlog::set_default_logger(std::move(logger));
}

void log_debug(std::string_view event, LogFields fields) {
    write(spdlog::level::debug, event, fields);
}
void log_info(std::string_view event, LogFields fields) {
    write(spdlog::level::info, event, fields);
}
void log_error(std::string_view event, LogFields fields) {
    write(spdlog::level::err, event, fields);
}

bool is_debug_logged() { return spdlog::should_log(spdlog::level::debug); }

LoggedRequest::LoggedRequest(std::string_view request, std::string_view trace,
                             std::string_view user) {
    current_ids.request.set(request);
    current_ids.trace.set(trace);
    current_ids.user.set(user);
}

LoggedRequest::~LoggedRequest() {
    current_ids.request.size = 0;
    current_ids.trace.size = 0;
    current_ids.user.size = 0;
}

}  // namespace larder
