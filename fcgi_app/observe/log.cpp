#include "observe/log.hpp"

#include <fmt/format.h>
#include <spdlog/sinks/stdout_sinks.h>
#include <spdlog/spdlog.h>

#include <algorithm>
#include <string>

namespace larder {

namespace {

bool is_plain(char c) {
    return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
           std::string_view("-_./:@+*,").find(c) != std::string_view::npos;
}

void append_value(std::string& line, std::string_view value) {
    if (!value.empty() && std::ranges::all_of(value, is_plain)) {
        line += value;
        return;
    }
    line += '"';
    for (const char c : value) {
        if (c == '"' || c == '\\') {
            line += '\\';
            line += c;
        } else if (static_cast<unsigned char>(c) < 0x20 || c == 0x7F) {
            line += fmt::format("\\x{:02x}", static_cast<unsigned char>(c));
        } else {
            line += c;
        }
    }
    line += '"';
}

void write(spdlog::level::level_enum level, std::string_view event, LogFields fields) {
    if (!spdlog::should_log(level)) return;
    std::string line = fmt::format("event={}", event);
    for (const auto& [key, value] : fields) {
        line.append(" ").append(key).append("=");
        append_value(line, value);
    }
    spdlog::default_logger_raw()->log(level, spdlog::string_view_t(line.data(), line.size()));
}

}  // namespace

void start_log(std::string_view program, bool debug) {
    auto logger = spdlog::stderr_logger_mt(std::string(program));
    logger->set_pattern("time=%Y-%m-%dT%H:%M:%S.%e%z level=%l program=%n pid=%P %v");
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

}  // namespace larder
