#pragma once

#include <initializer_list>
#include <string_view>
#include <utility>

namespace larder {

/// Log lines on standard error: one event a line. Values are quoted and escaped where they hold
/// anything but plain characters, so that user text can never forge a line, in neither format. Any
/// thread.
using LogFields = std::initializer_list<std::pair<std::string_view, std::string_view>>;

enum class LogFormat {
    text,  ///< key=value
    json,  ///< an object, every value but `pid` a string; bytes that are no UTF-8 become U+FFFD
};

/// To be called once, before the first line; `program` stands in each. `debug` shows log_debug.
void start_log(std::string_view program, bool debug, LogFormat format = LogFormat::text);

void log_debug(std::string_view event, LogFields fields = {});
void log_info(std::string_view event, LogFields fields = {});
void log_error(std::string_view event, LogFields fields = {});

bool is_debug_logged();

/// The request that this thread works for while the object lives: its ids and the name of who asks,
/// where there are any, stand in the lines as `request`, `trace` and `user`. One at a time.
class LoggedRequest {
public:
    LoggedRequest(std::string_view request, std::string_view trace, std::string_view user = {});
    ~LoggedRequest();
    LoggedRequest(const LoggedRequest&) = delete;
    LoggedRequest& operator=(const LoggedRequest&) = delete;
};

}  // namespace larder
