#include "store/loggable.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace larder {

namespace {

// Classes of PostgreSQL's appendix A whose messages are about the server, the session or the
// schema.
constexpr std::array<std::string_view, 17> harmless_classes = {"08", "0A", "25", "26", "28", "2D",
                                                               "34", "3B", "3D", "3F", "40", "42",
                                                               "53", "55", "57", "58", "XX"};

// PostgreSQL's own words for a violated constraint quote nothing but names of the schema.
constexpr std::array<std::string_view, 7> constraint_messages = {"duplicate key value violates ",
                                                                 "conflicting key value violates ",
                                                                 "new row for relation ",
                                                                 "null value in column ",
                                                                 "insert or update on table ",
                                                                 "update or delete on table ",
                                                                 "value for domain "};

bool is_harmless(std::string_view state, std::string_view line) {
    if (state.empty()) return true;
    const auto is_class = [&](std::string_view one) { return state.starts_with(one); };
    if (std::ranges::any_of(harmless_classes, is_class)) return true;
    if (!state.starts_with("23")) return false;
    line.remove_prefix(std::min(line.find_first_not_of(' ', line.find(':') + 1), line.size()));
    const auto begins = [&](std::string_view words) { return line.starts_with(words); };
    return line.contains(" constraint") && std::ranges::any_of(constraint_messages, begins);
}

}  // namespace

std::string loggable(std::string_view state, std::string_view message) {
    const auto line = message.substr(0, message.find('\n'));
    if (is_harmless(state, line)) return std::string(line);
    return fmt::format("SQLSTATE {}; the message may quote a value, so it is not logged", state);
}

}  // namespace larder
