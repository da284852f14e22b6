#include "catalog/sql_expression.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cctype>

namespace larder {

namespace {

constexpr std::array<std::string_view, 12> clocks = {"now",
                                                     "current_date",
                                                     "current_time",
                                                     "current_timestamp",
                                                     "localtime",
                                                     "localtimestamp",
                                                     "clock_timestamp",
                                                     "statement_timestamp",
                                                     "transaction_timestamp",
                                                     "timeofday",
                                                     "random",
                                                     "gen_random_uuid"};

// Words that PostgreSQL turns into a date or an instant where they stand as a text.
constexpr std::array<std::string_view, 4> clock_texts = {"now", "today", "tomorrow", "yesterday"};

constexpr std::string_view one_part = "must be one SQL expression";

class Scanner {
public:
    Scanner(std::string_view sql, SqlPlace place) : sql_(sql), place_(place) {}

    std::string problem() {
        if (sql_.find_first_not_of(" \t\r\n") == sql_.npos) return "is empty; leave it out";
        while (at_ < sql_.size()) {
            if (auto found = take(); !found.empty()) return found;
        }
        if (open_ != 0) return fmt::format("{}: a bracket is not closed", one_part);
        return {};
    }

private:
    std::string take() {
        const char c = sql_[at_];
        const std::string_view rest = sql_.substr(at_);
        if (rest.starts_with("--") || rest.starts_with("/*")) {
            return "must have no SQL comment; write a TOML comment, with #";
        }
        if (c == ';') return fmt::format("{}, with no semicolon", one_part);
        if (c == '$') return fmt::format("{}, with no $", one_part);
        if (c == '\'' || c == '"') return take_quoted(c);
        if (is_word(c)) return take_word();
        if (c == '(' || c == '[') ++open_;
        if ((c == ')' || c == ']') && --open_ < 0) {
            return fmt::format("{}: a bracket is closed that was not opened", one_part);
        }
        ++at_;
        return {};
    }

    std::string take_quoted(char quote) {
        const auto end = sql_.find(quote, at_ + 1);
        if (end == sql_.npos) return fmt::format("{}: a {} is not closed", one_part, quote);
        const std::string text = lower(sql_.substr(at_ + 1, end - at_ - 1));
        at_ = end + 1;
        if (quote == '\'' && std::ranges::find(clock_texts, text) != clock_texts.end()) {
            return clock(text);
        }
        return {};
    }

    std::string take_word() {
        const auto begin = at_;
        while (at_ < sql_.size() && is_word(sql_[at_])) ++at_;
        const std::string word = lower(sql_.substr(begin, at_ - begin));
        if (word == "e" && at_ < sql_.size() && sql_[at_] == '\'') {
            return fmt::format("{}, with no E'…'", one_part);  // a backslash may hide the end
        }
        if (std::ranges::find(clocks, word) != clocks.end()) return clock(word);
        if (word == "select" && place_ == SqlPlace::where) {
            return "must not read a table: a cached list would not follow its changes; use the"
                   " columns of the record";
        }
        return {};
    }

    std::string clock(std::string_view word) const {
        if (place_ == SqlPlace::fill) return {};
        return fmt::format(
            "must not depend on a clock or on chance ({}): a cached list would not"
            " follow it; write a fixed value",
            word);
    }
    static bool is_word(char c) {
        return std::isalnum(static_cast<unsigned char>(c)) != 0 || c == '_' || (c & 0x80) != 0;
    }
    static std::string lower(std::string_view text) {
        std::string word(text);
        std::ranges::transform(word, word.begin(), [](unsigned char c) { return std::tolower(c); });
        return word;
    }

    std::string_view sql_;
    SqlPlace place_;
    std::size_t at_ = 0;
    int open_ = 0;
};

}  // namespace

std::string unusable_sql(std::string_view sql, SqlPlace place) {
    return Scanner(sql, place).problem();
}

}  // namespace larder
