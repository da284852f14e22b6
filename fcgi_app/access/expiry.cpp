#include "access/expiry.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <chrono>
#include <optional>

#include "access/identity.hpp"
#include "number.hpp"

namespace larder::access {

namespace {

/// A number of exactly two or four digits at `at`.
std::optional<int> digits_at(std::string_view text, std::size_t at, std::size_t width) {
    const std::string_view digits = text.substr(std::min(at, text.size()), width);
    if (digits.size() != width || digits.find_first_not_of("0123456789") != digits.npos) {
        return std::nullopt;
    }
    return to_number<int>(digits);
}

std::optional<std::int64_t> date_of(std::string_view text) {
    const auto year = digits_at(text, 0, 4);
    const auto month = digits_at(text, 5, 2);
    const auto day = digits_at(text, 8, 2);
    if (text.size() != 10 || text[4] != '-' || text[7] != '-' || !year || !month || !day) {
        return std::nullopt;
    }
    const auto date = std::chrono::year(*year) / *month / *day;
    if (!date.ok()) return std::nullopt;
    return std::chrono::sys_seconds(std::chrono::sys_days(date)).time_since_epoch().count();
}

std::optional<std::int64_t> time_of(std::string_view text) {
    const auto hour = digits_at(text, 0, 2);
    const auto minute = digits_at(text, 3, 2);
    const auto second = digits_at(text, 6, 2);
    if (text.size() != 9 || text[2] != ':' || text[5] != ':' || text[8] != 'Z' || !hour ||
        !minute || !second || *hour > 23 || *minute > 59 || *second > 59) {
        return std::nullopt;
    }
    return (*hour * 60 + *minute) * 60 + *second;
}

std::optional<std::int64_t> moment_of(std::string_view text) {
    const auto date = date_of(text.substr(0, 10));
    if (!date || text.size() <= 10) return date;
    const auto time = text[10] == 'T' ? time_of(text.substr(11)) : std::nullopt;
    if (!time) return std::nullopt;
    return *date + *time;
}

std::optional<std::int64_t> seconds_in(char unit) {
    switch (unit) {
        case 's': return 1;
        case 'm': return 60;
        case 'h': return 3600;
        case 'd': return 86400;
        case 'w': return 604800;
        default: return std::nullopt;
    }
}

std::optional<std::int64_t> duration_of(std::string_view text) {
    if (text.size() < 2 || text.front() == '-') return std::nullopt;
    const auto unit = seconds_in(text.back());
    const auto count = to_number<std::int64_t>(text.substr(0, text.size() - 1));
    if (!unit || !count) return std::nullopt;
    return std::min(*count, latest_second / *unit) * *unit;
}

}  // namespace

std::expected<std::int64_t, std::string> parse_expiry(std::string_view text, std::int64_t now) {
    const auto duration = duration_of(text);
    const auto moment = duration ? std::optional(now + *duration) : moment_of(text);
    if (!moment) {
        return std::unexpected(
            "it must be a time from now on, such as 90d or 12h, or a day in UTC, such as "
            "2027-01-31,"
            " or 2027-01-31T12:00:00Z");
    }
    if (*moment <= now) return std::unexpected("it is not in the future");
    if (*moment > latest_second) return std::unexpected("it is after the year 9999");
    return *moment;
}

}  // namespace larder::access
