#include "store/session_settings.hpp"

#include <fmt/format.h>

#include <string_view>
#include <utility>

namespace larder {

std::string session_settings(std::chrono::milliseconds lock_timeout, bool is_local) {
    const std::pair<std::string_view, std::string> settings[] = {
        {"search_path", "pg_catalog, public, pg_temp"},
        {"client_encoding", "UTF8"},
        {"TimeZone", "UTC"},
        {"DateStyle", "ISO, YMD"},
        {"IntervalStyle", "iso_8601"},
        {"extra_float_digits", "1"},
        {"bytea_output", "hex"},
        {"standard_conforming_strings", "on"},
        {"array_nulls", "on"},
        {"quote_all_identifiers", "off"},
        {"xmlbinary", "base64"},
        {"transform_null_equals", "off"},
        {"row_security", "on"},
        {"idle_in_transaction_session_timeout", "0"},
        {"default_transaction_isolation", "read committed"},
        {"default_transaction_deferrable", "off"},
        {"lock_timeout", std::to_string(lock_timeout.count())}};
    std::string text = "SELECT ";
    for (const auto& [name, value] : settings) {
        if (!text.ends_with(' ')) text += ", ";
        text += fmt::format("pg_catalog.set_config('{}', '{}', {})", name, value, is_local);
    }
    return text;
}

}  // namespace larder
