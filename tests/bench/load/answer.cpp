#include "answer.hpp"

#include <algorithm>
#include <charconv>

namespace larder::bench {

namespace {

constexpr std::string_view head_end = "\r\n\r\n";
constexpr std::size_t longest_head = 65536;

bool is_same(std::string_view a, std::string_view b) {
    const auto lower = [](char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c + 32) : c; };
    return std::ranges::equal(a, b, {}, lower, lower);
}

template <class Number>
bool read_number(std::string_view text, Number& number, int base) {
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number, base);
    return error == std::errc() && end == text.data() + text.size();
}

}  // namespace

bool Answer::take(std::string_view data) {
    while (!data.empty()) {
        switch (state_) {
            case State::head:
                if (!take_head(data)) return false;
                break;
            case State::body:
            case State::chunk: {
                const auto count = std::min<std::uint64_t>(left_, data.size());
                data.remove_prefix(count);
                left_ -= count;
                if (left_ == 0) state_ = state_ == State::body ? State::done : State::chunk_size;
                break;
            }
            case State::chunk_size:
            case State::trailer:
                if (!take_line(data)) return false;
                break;
            case State::done: return false;
        }
    }
    return true;
}

bool Answer::take_head(std::string_view& data) {
    if (pending_.empty()) {
        if (const auto end = data.find(head_end); end != data.npos) {
            const std::string_view head = data.substr(0, end);
            data.remove_prefix(end + head_end.size());
            return read_head(head);
        }
    }
    // Up to the next line feed only, so that no byte of the body gets here.
    const auto count = std::min(data.find('\n'), data.size() - 1) + 1;
    pending_ += data.substr(0, count);
    data.remove_prefix(count);
    if (pending_.size() > longest_head) return false;
    if (!pending_.ends_with(head_end)) return true;
    pending_.resize(pending_.size() - head_end.size());
    const bool is_good = read_head(pending_);
    pending_.clear();
    return is_good;
}

bool Answer::read_head(std::string_view head) {
    const auto line = head.substr(0, head.find("\r\n"));
    if (!line.starts_with("HTTP/1.1 ") || line.size() < 12) return false;
    if (!read_number(line.substr(9, 3), status_, 10)) return false;
    head.remove_prefix(std::min(head.size(), line.size() + 2));
    while (!head.empty()) {
        const auto field = head.substr(0, head.find("\r\n"));
        head.remove_prefix(std::min(head.size(), field.size() + 2));
        const auto colon = field.find(':');
        if (colon == field.npos) return false;
        auto value = field.substr(colon + 1);
        value.remove_prefix(std::min(value.find_first_not_of(" \t"), value.size()));
        if (!read_field(field.substr(0, colon), value)) return false;
    }
    const bool has_no_body = status_ == 204 || status_ == 304;
    if (!has_no_body && !is_chunked_ && !has_length_) return false;
    if (is_chunked_) {
        state_ = State::chunk_size;
    } else {
        state_ = has_no_body || left_ == 0 ? State::done : State::body;
    }
    return true;
}

bool Answer::read_field(std::string_view name, std::string_view value) {
    if (is_same(name, "Content-Length")) {
        has_length_ = true;
        return read_number(value, left_, 10);
    }
    if (is_same(name, "Transfer-Encoding")) {
        is_chunked_ = true;
        return is_same(value, "chunked");
    }
    if (is_same(name, "Connection")) closes_ = is_same(value, "close");
    if (is_same(name, "Retry-After")) has_retry_after_ = !value.empty();
    return true;
}

bool Answer::take_line(std::string_view& data) {
    const auto count = std::min(data.find('\n'), data.size() - 1) + 1;
    pending_ += data.substr(0, count);
    data.remove_prefix(count);
    if (pending_.size() > longest_head) return false;
    if (!pending_.ends_with('\n')) return true;
    if (!pending_.ends_with("\r\n")) return false;
    pending_.resize(pending_.size() - 2);
    const bool is_good = end_line();
    pending_.clear();
    return is_good;
}

bool Answer::end_line() {
    if (state_ == State::chunk_size) return read_chunk_size();
    if (pending_.empty()) state_ = State::done;
    return true;
}

bool Answer::read_chunk_size() {
    const auto size = std::string_view(pending_).substr(0, pending_.find(';'));
    if (size.size() > 15 || !read_number(size, left_, 16)) return false;
    state_ = left_ == 0 ? State::trailer : State::chunk;
    left_ += 2;
    return true;
}

}  // namespace larder::bench
