#pragma once

#include <concepts>
#include <cstdint>
#include <string>
#include <string_view>

/// Writes messages as PostgreSQL does.
class Bytes {
public:
    explicit Bytes(char kind = '\0') {
        if (kind != '\0') bytes_ = kind;
    }

    template <std::integral T>
    Bytes& number(T value) {
        for (std::size_t i = sizeof(T); i-- > 0;) {
            bytes_ += static_cast<char>(static_cast<std::uint64_t>(value) >> (8 * i));
        }
        return *this;
    }
    Bytes& character(char c) {
        bytes_ += c;
        return *this;
    }
    Bytes& text(std::string_view text) {
        bytes_.append(text) += '\0';
        return *this;
    }
    Bytes& value(std::string_view text) {
        character('t').number(static_cast<std::uint32_t>(text.size()));
        bytes_ += text;
        return *this;
    }
    Bytes& raw(std::string_view text) {
        bytes_ += text;
        return *this;
    }

    operator std::string_view() const { return bytes_; }

private:
    std::string bytes_;
};
