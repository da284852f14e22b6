#pragma once

#include <initializer_list>
#include <string_view>
#include <utility>

namespace larder {

/// Log lines on standard error: one event a line, `key=value`, values quoted and escaped where they
/// hold anything but plain characters, so that user text can never forge a line. Any thread.
using LogFields = std::initializer_list<std::pair<std::string_view, std::string_view>>;

/// To be called once, before the first line; `program` stands in each. `debug` shows log_debug.
void start_log(std::string_view program, bool debug);

void log_debug(std::string_view event, LogFields fields = {});
void log_info(std::string_view event, LogFields fields = {});
void log_error(std::string_view event, LogFields fields = {});

bool is_debug_logged();

}  // namespace larder
