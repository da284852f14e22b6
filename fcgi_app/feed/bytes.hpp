#pragma once

#include <concepts>
#include <cstddef>
#include <cstdint>
#include <string_view>
#include <type_traits>

namespace larder {

/// Reads the fields of a PostgreSQL protocol message, in network byte order. A read past the end
/// gives zero or an empty text, and so does every read after it; `is_good` tells, so that it is
/// enough to ask at the end. Texts are views of the input.
class ByteReader {
public:
    explicit ByteReader(std::string_view bytes) : rest_(bytes) {}

    template <std::integral T>
    T integer() {
        std::make_unsigned_t<T> value = 0;
        for (const char byte : bytes(sizeof(T))) {
            value = static_cast<std::make_unsigned_t<T>>((std::uint64_t{value} << 8U) |
                                                         static_cast<unsigned char>(byte));
        }
        return static_cast<T>(value);
    }

    char character() { return static_cast<char>(integer<std::uint8_t>()); }

    std::string_view bytes(std::size_t count) {
        if (count > rest_.size()) {
            fail();
            return {};
        }
        const auto taken = rest_.substr(0, count);
        rest_.remove_prefix(count);
        return taken;
    }

    /// A text that ends with a zero byte.
    std::string_view text() {
        const auto taken =
            bytes(rest_.find('\0') == rest_.npos ? rest_.size() + 1 : rest_.find('\0'));
        bytes(1);
        return taken;
    }

    void fail() {
        is_good_ = false;
        rest_ = {};
    }

    bool is_good() const { return is_good_; }
    std::size_t left() const { return rest_.size(); }
    std::string_view rest() { return bytes(rest_.size()); }

private:
    std::string_view rest_;
    bool is_good_ = true;
};

}  // namespace larder
