#pragma once

#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>

namespace larder::bulk {

/// Takes the lines of NDJSON from its bytes, in pieces of any size. They end with LF or CRLF; those
/// with nothing but spaces are left out. Memory is bounded by `limit`. Pure; for one thread.
class LineReader {
public:
    struct Line {
        std::uint64_t number = 1;  ///< from 1
        std::string_view text;
        bool is_too_long = false;  ///< over `limit` bytes: `text` is their beginning
    };
    /// Called for each line, in order. False: the reader takes no more.
    using Take = std::function<bool(const Line&)>;

    LineReader(std::size_t limit, Take take);

    /// False: `take` has said so.
    bool read(std::string_view bytes);
    /// No more bytes come.
    bool end();

private:
    bool end_line(std::string_view rest);

    const std::size_t limit_;
    const Take take_;
    std::string begun_;  // of a line whose end has not come
    bool is_too_long_ = false;
    std::uint64_t number_ = 1;
    bool is_over_ = false;
};

}  // namespace larder::bulk
