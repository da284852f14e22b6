#include "bulk/csv_reader.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <utility>

#include "json/text.hpp"

namespace larder::bulk {

namespace {

constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
constexpr std::string_view separators = ",;\t";
constexpr std::string_view told_separators = ",;\t|";
constexpr std::string_view separator_line = "sep=";

/// The end of the first line of `text`, quoted newlines left out; npos: it has not come.
std::size_t first_line_end(std::string_view text) {
    bool is_quoted = false;
    for (std::size_t at = 0; at < text.size(); ++at) {
        if (text[at] == '"') is_quoted = !is_quoted;
        if (!is_quoted && (text[at] == '\n' || text[at] == '\r')) return at;
    }
    return text.npos;
}

/// That of the most cells. Names of fields have none of these characters.
char most_frequent_separator(std::string_view line) {
    std::array<std::size_t, separators.size()> counts{};
    bool is_quoted = false;
    for (const char c : line) {
        if (c == '"') is_quoted = !is_quoted;
        const auto which = separators.find(c);
        if (!is_quoted && which != separators.npos) ++counts[which];
    }
    return separators[static_cast<std::size_t>(std::ranges::max_element(counts) - counts.begin())];
}

}  // namespace

CsvReader::CsvReader(std::size_t limit, Take take) : limit_(limit), take_(std::move(take)) {}

bool CsvReader::read(std::string_view bytes) {
    if (is_over_) return false;
    if (state_ != State::start) return step(bytes);
    first_ += bytes;
    if (!find_separator(first_, false)) return true;
    return step(std::exchange(first_, {}));
}

bool CsvReader::end() {
    if (is_over_) return false;
    if (state_ == State::start) {
        find_separator(first_, true);
        if (!step(std::exchange(first_, {}))) return false;
    }
    if (state_ == State::quoted) refuse("a quote that begins a cell is never closed");
    return state_ == State::record || end_record();
}

/// Takes a byte order mark and `sep=` off the front of the file. False: more bytes are needed.
bool CsvReader::find_separator(std::string_view bytes, bool is_end) {
    const bool may_be_mark = byte_order_mark.starts_with(bytes.substr(0, byte_order_mark.size()));
    if (bytes.size() < byte_order_mark.size() && may_be_mark && !is_end) return false;
    std::size_t skipped = bytes.starts_with(byte_order_mark) ? byte_order_mark.size() : 0;
    bytes.remove_prefix(skipped);
    const std::size_t line_end = first_line_end(bytes);
    if (line_end == bytes.npos && !is_end && bytes.size() < limit_) return false;
    const std::string_view line = bytes.substr(0, line_end);
    const bool is_told = line.size() == separator_line.size() + 1 &&
                         line.starts_with(separator_line) && told_separators.contains(line.back());
    separator_ = is_told ? line.back() : most_frequent_separator(line);
    if (is_told) skipped += line.size();
    first_.erase(0, skipped);
    for (const char c : {separator_, '"', '\n', '\r'}) {
        is_special_[static_cast<unsigned char>(c)] = true;
    }
    state_ = State::record;
    return true;
}

bool CsvReader::step(std::string_view bytes) {
    while (!bytes.empty()) {
        const std::size_t run = take_run(bytes);
        bytes.remove_prefix(run);
        if (bytes.empty()) return true;
        const char c = bytes.front();
        bytes.remove_prefix(1);
        if (!take_special(c)) {
            is_over_ = true;
            return false;
        }
    }
    return true;
}

/// Takes what stands before the next character that may mean something, and gives its length.
std::size_t CsvReader::take_run(std::string_view bytes) {
    const auto* const end = std::ranges::find_if(
        bytes, [this](char c) { return is_special_[static_cast<unsigned char>(c)]; });
    const auto length = static_cast<std::size_t>(end - bytes.begin());
    if (length == 0) return 0;
    const std::string_view run = bytes.substr(0, length);
    is_after_cr_ = false;
    if (state_ == State::record || state_ == State::cell) {
        begin_cell(false);
        state_ = State::plain;
    } else if (state_ == State::quote) {
        refuse("text follows the quote that ends a cell");
    }
    note(run);
    if (state_ != State::skipping) append(run);
    return length;
}

bool CsvReader::take_special(char c) {
    const bool is_after_cr = std::exchange(is_after_cr_, c == '\r');
    if (state_ == State::quoted) {
        if (c == '"') {
            state_ = State::quote;
        } else {
            const bool is_new_line = c == '\r' || (c == '\n' && !is_after_cr);
            if (is_new_line) ++line_;
            append({&c, 1});
        }
        note({&c, 1});
        return true;
    }
    if (c == '\n' && is_after_cr) return true;
    if (c == '\n' || c == '\r') return take_line_end();
    note({&c, 1});
    if (state_ == State::skipping) return true;
    if (c == '"') return take_quote(state_ == State::plain);
    // A separator ends the cell, which may be an empty one that nothing has begun.
    if (state_ == State::record || state_ == State::cell) begin_cell(false);
    state_ = State::cell;
    return true;
}

bool CsvReader::take_quote(bool is_in_cell) {
    if (is_in_cell) {
        refuse("a quote stands in a cell that does not begin with one");
    } else if (state_ == State::quote) {
        append("\"");
        state_ = State::quoted;
    } else {
        begin_cell(true);
        state_ = State::quoted;
    }
    return true;
}

bool CsvReader::take_line_end() {
    const bool goes_on = state_ == State::record || end_record();
    ++line_;
    record_.line = line_;
    return goes_on;
}

void CsvReader::begin_cell(bool is_quoted) {
    if (!is_too_long_) bounds_.push_back({text_.size(), is_quoted});
}

void CsvReader::append(std::string_view text) {
    if (!is_too_long_) text_ += text;
}

/// Of the record as it came.
void CsvReader::note(std::string_view bytes) {
    if (is_too_long_) return;
    const std::size_t room = limit_ - std::min(limit_, original_.size());
    original_ += bytes.substr(0, room);
    if (bytes.size() <= room) return;
    is_too_long_ = true;
    text_.clear();
    bounds_.clear();
}

void CsvReader::refuse(std::string_view why) {
    error_ = why;
    state_ = State::skipping;
}

bool CsvReader::end_record() {
    if (state_ == State::cell) begin_cell(false);
    record_.cells.clear();
    record_.original = original_;
    if (is_too_long_ && error_.empty()) error_ = fmt::format("has over {} bytes", limit_);
    if (error_.empty()) {
        const std::string_view text = text_;
        for (std::size_t at = 0; at < bounds_.size(); ++at) {
            const std::size_t end = at + 1 < bounds_.size() ? bounds_[at + 1].begin : text.size();
            record_.cells.push_back(
                {.text = text.substr(bounds_[at].begin, end - bounds_[at].begin),
                 .is_quoted = bounds_[at].is_quoted});
        }
        const bool is_utf8 = std::ranges::all_of(
            record_.cells, [](const CsvRecord::Cell& cell) { return json::is_utf8(cell.text); });
        if (text.contains('\0')) error_ = "holds a NUL character";
        if (!is_utf8) error_ = "is not UTF-8";
    }
    if (!error_.empty()) record_.cells.clear();
    record_.error = std::exchange(error_, {});
    const bool goes_on = take_(record_);
    text_.clear();
    bounds_.clear();
    original_.clear();
    is_too_long_ = false;
    state_ = State::record;
    return goes_on;
}

}  // namespace larder::bulk
