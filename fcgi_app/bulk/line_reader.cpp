#include "bulk/line_reader.hpp"

#include <algorithm>
#include <utility>

namespace larder::bulk {

LineReader::LineReader(std::size_t limit, Take take) : limit_(limit), take_(std::move(take)) {}

bool LineReader::read(std::string_view bytes) {
    if (is_over_) return false;
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    for (auto end = bytes.find('\n'); end != bytes.npos; end = bytes.find('\n')) {
        if (!end_line(bytes.substr(0, end))) {
            is_over_ = true;
            return false;
        }
        bytes.remove_prefix(end + 1);
    }
    const std::size_t room = limit_ - std::min(limit_, begun_.size());
    is_too_long_ = is_too_long_ || bytes.size() > room;
    begun_ += bytes.substr(0, room);
    if (number_ == 1 && begun_.starts_with(byte_order_mark)) begun_.erase(0, 3);
    return true;
}

bool LineReader::end() { return !is_over_ && end_line({}); }

bool LineReader::end_line(std::string_view rest) {
    constexpr std::string_view space = " \t\r";
    constexpr std::string_view byte_order_mark = "\xEF\xBB\xBF";
    Line line{.number = number_++, .text = rest, .is_too_long = is_too_long_};
    if (!begun_.empty()) {
        const std::size_t room = limit_ - std::min(limit_, begun_.size());
        line.is_too_long = line.is_too_long || rest.size() > room;
        begun_ += rest.substr(0, room);
        line.text = begun_;
    } else if (rest.size() > limit_) {
        line.is_too_long = true;
        line.text = rest.substr(0, limit_);
    }
    if (line.number == 1 && line.text.starts_with(byte_order_mark)) line.text.remove_prefix(3);
    if (line.text.ends_with('\r')) line.text.remove_suffix(1);
    const bool goes_on = line.text.find_first_not_of(space) == line.text.npos || take_(line);
    begun_.clear();
    is_too_long_ = false;
    return goes_on;
}

}  // namespace larder::bulk
