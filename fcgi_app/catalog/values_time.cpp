// Days and times: RFC 3339 in, and one text for each out, as PostgreSQL prints them.

#include <fmt/format.h>

#include <chrono>
#include <optional>
#include <string_view>

#include "catalog/value_rules.hpp"
#include "number.hpp"

namespace larder {

namespace {

using Days = std::chrono::sys_days;
using Microseconds = std::chrono::sys_time<std::chrono::microseconds>;

constexpr std::string_view date_rule =
    "must be a date of the years 0001 to 9999, such as 2026-11-28";
constexpr std::string_view timestamp_rule =
    "must be a date and time with a zone, of the years 0001 to 9999 and to the microsecond at most,"
    " such as 2026-11-28T09:30:00.25Z";
constexpr std::string_view datetime_rule =
    "must be a date and time with no zone, of the years 0001 to 9999 and to the microsecond at"
    " most, such as 2026-11-28T09:30:00.25";

/// Takes texts of a fixed form from the front of another.
class Reader {
public:
    explicit Reader(std::string_view text) : text_(text) {}

    /// A number of exactly `width` digits that is at most `most`.
    std::optional<int> number(std::size_t width, int most) {
        const std::string_view digits = text_.substr(0, width);
        if (digits.size() != width || digits.find_first_not_of("0123456789") != digits.npos) {
            return std::nullopt;
        }
        text_.remove_prefix(width);
        const auto value = to_number<int>(digits);
        return value && *value <= most ? value : std::nullopt;
    }
    bool one_of(std::string_view characters) {
        if (text_.empty() || !characters.contains(text_[0])) return false;
        last_ = text_[0];
        text_.remove_prefix(1);
        return true;
    }
    std::string_view digits() {
        const auto length = std::min(text_.find_first_not_of("0123456789"), text_.size());
        const std::string_view found = text_.substr(0, length);
        text_.remove_prefix(length);
        return found;
    }
    char last() const { return last_; }  ///< what one_of has taken
    bool is_done() const { return text_.empty(); }

private:
    std::string_view text_;
    char last_ = 0;
};

std::optional<Days> read_date(Reader& reader) {
    const auto year = reader.number(4, 9999);
    if (!year || *year == 0 || !reader.one_of("-")) return std::nullopt;
    const auto month = reader.number(2, 12);
    if (!month || !reader.one_of("-")) return std::nullopt;
    const auto day = reader.number(2, 31);
    if (!day) return std::nullopt;
    const auto date = std::chrono::year(*year) / *month / *day;
    if (!date.ok()) return std::nullopt;
    return Days(date);
}

/// The time of a day. A leap second is none: PostgreSQL would keep it as the second after.
std::optional<std::chrono::microseconds> read_time(Reader& reader) {
    const auto hour = reader.number(2, 23);
    if (!hour || !reader.one_of(":")) return std::nullopt;
    const auto minute = reader.number(2, 59);
    if (!minute || !reader.one_of(":")) return std::nullopt;
    const auto second = reader.number(2, 59);
    if (!second) return std::nullopt;
    std::chrono::microseconds time =
        std::chrono::hours(*hour) + std::chrono::minutes(*minute) + std::chrono::seconds(*second);
    if (!reader.one_of(".")) return time;
    std::string fraction(reader.digits());
    constexpr std::size_t exact = 6;
    if (fraction.empty() || fraction.find_last_not_of('0') + 1 > exact) return std::nullopt;
    fraction.resize(exact, '0');
    return time + std::chrono::microseconds(*to_number<int>(fraction));
}

std::optional<std::chrono::minutes> read_offset(Reader& reader) {
    if (reader.one_of("Zz")) return std::chrono::minutes(0);
    if (!reader.one_of("+-")) return std::nullopt;
    const bool is_west = reader.last() == '-';
    const auto hour = reader.number(2, 23);
    if (!hour || !reader.one_of(":")) return std::nullopt;
    const auto minute = reader.number(2, 59);
    if (!minute) return std::nullopt;
    const std::chrono::minutes offset = std::chrono::hours(*hour) + std::chrono::minutes(*minute);
    return is_west ? -offset : offset;
}

std::optional<Microseconds> read_date_and_time(Reader& reader) {
    const auto date = read_date(reader);
    if (!date || !reader.one_of("Tt")) return std::nullopt;
    const auto time = read_time(reader);
    if (!time) return std::nullopt;
    return Microseconds(*date) + *time;
}

std::string date_text(Days day) {
    const std::chrono::year_month_day date(day);
    return fmt::format("{:04}-{:02}-{:02}", static_cast<int>(date.year()),
                       static_cast<unsigned>(date.month()), static_cast<unsigned>(date.day()));
}

std::string text_of(Microseconds when) {
    const auto day = std::chrono::floor<std::chrono::days>(when);
    const auto time = when - Microseconds(day);
    const auto seconds = std::chrono::duration_cast<std::chrono::seconds>(time).count();
    std::string text = fmt::format("{}T{:02}:{:02}:{:02}", date_text(day), seconds / 3600,
                                   seconds / 60 % 60, seconds % 60);
    if (const auto micro = time.count() % 1000000; micro != 0) {
        text += fmt::format(".{:06}", micro);
        text.erase(text.find_last_not_of('0') + 1);
    }
    return text;
}

// Into UTC an offset may lead out of these years.
bool is_within_years(Microseconds when) {
    const std::chrono::year_month_day date(std::chrono::floor<std::chrono::days>(when));
    return date.year() >= std::chrono::year(1) && date.year() <= std::chrono::year(9999);
}

}  // namespace

StoredText stored(const Date&, const SentValue& value) {
    Reader reader(value.member.text);
    const auto date = value.is(json::Type::string) ? read_date(reader) : std::nullopt;
    if (!date || !reader.is_done()) return misfit(std::string(date_rule));
    return date_text(*date);
}

StoredText stored(const DateTime&, const SentValue& value) {
    Reader reader(value.member.text);
    const auto when = value.is(json::Type::string) ? read_date_and_time(reader) : std::nullopt;
    if (!when || !reader.is_done()) return misfit(std::string(datetime_rule));
    return text_of(*when);
}

StoredText stored(const Timestamp&, const SentValue& value) {
    Reader reader(value.member.text);
    const auto local = value.is(json::Type::string) ? read_date_and_time(reader) : std::nullopt;
    const auto offset = local ? read_offset(reader) : std::nullopt;
    if (!offset || !reader.is_done() || !is_within_years(*local - *offset)) {
        return misfit(std::string(timestamp_rule));
    }
    return text_of(*local - *offset) + 'Z';
}

}  // namespace larder
