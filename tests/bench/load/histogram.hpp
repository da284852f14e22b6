#pragma once

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>

namespace larder::bench {

/// Counts of values in buckets that are at most 1.6 % wide, so that hours of latencies fit into a
/// few kilobytes. One thread at a time.
class Histogram {
public:
    void add(std::uint64_t value) {
        ++counts_[index_of(value)];
        ++total_;
        largest_ = std::max(largest_, value);
    }

    void merge(const Histogram& other) {
        for (std::size_t i = 0; i < counts_.size(); ++i) counts_[i] += other.counts_[i];
        total_ += other.total_;
        largest_ = std::max(largest_, other.largest_);
    }

    std::uint64_t total() const { return total_; }
    std::uint64_t largest() const { return largest_; }

    /// The smallest value that at least this share (0 to 1) of all values does not exceed, rounded
    /// up to the end of its bucket; 0 if there is no value.
    std::uint64_t quantile(double share) const {
        const double wanted = share * static_cast<double>(total_);
        std::uint64_t seen = 0;
        for (std::size_t i = 0; i < counts_.size(); ++i) {
            seen += counts_[i];
            if (seen > 0 && static_cast<double>(seen) >= wanted) {
                return std::min(last_of(i), largest_);
            }
        }
        return largest_;
    }

private:
    // A value under 128 is its own bucket; from there on each power of two has 64 buckets.
    static constexpr unsigned fine_bits = 6;
    static constexpr std::uint64_t exact = 2U << fine_bits;

    static std::size_t index_of(std::uint64_t value) {
        if (value < exact) return value;
        const auto shift = static_cast<unsigned>(std::bit_width(value)) - fine_bits - 1;
        return (std::size_t{shift} << fine_bits) + (value >> shift);
    }

    static std::uint64_t last_of(std::size_t index) {
        if (index < exact) return index;
        const std::size_t shift = (index >> fine_bits) - 1;
        const std::uint64_t mantissa = index - (shift << fine_bits);
        return ((mantissa + 1) << shift) - 1;
    }

    std::array<std::uint64_t, (64 - fine_bits + 1) << fine_bits> counts_{};
    std::uint64_t total_ = 0;
    std::uint64_t largest_ = 0;
};

}  // namespace larder::bench
