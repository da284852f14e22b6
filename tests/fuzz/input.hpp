#pragma once

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <string_view>

namespace larder::fuzz {

/// Takes decisions from the bytes of an input, from its front. Past its end everything is 0.
class Input {
public:
    explicit Input(std::string_view bytes) : rest_(bytes) {}

    bool is_empty() const { return rest_.empty(); }

    unsigned byte() {
        if (rest_.empty()) return 0;
        const auto value = static_cast<unsigned char>(rest_.front());
        rest_.remove_prefix(1);
        return value;
    }
    bool flag() { return (byte() & 1U) != 0; }
    std::uint32_t number() { return (byte() << 24U) | (byte() << 16U) | (byte() << 8U) | byte(); }

    std::string_view bytes(std::size_t count) {
        const auto taken = rest_.substr(0, count);
        rest_.remove_prefix(taken.size());
        return taken;
    }
    std::string_view rest() { return bytes(rest_.size()); }

    /// Up to `separator`, which is taken as well and not given; or all that is left.
    std::string_view until(char separator) {
        const auto taken = rest_.substr(0, rest_.find(separator));
        rest_.remove_prefix(std::min(taken.size() + 1, rest_.size()));
        return taken;
    }

private:
    std::string_view rest_;
};

}  // namespace larder::fuzz
