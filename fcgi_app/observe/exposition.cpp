#include "observe/exposition.hpp"

#include <fmt/format.h>

#include <charconv>
#include <iterator>
#include <limits>
#include <vector>

#include "observe/metrics.hpp"

namespace larder {

namespace {

using Series = std::pair<std::string_view, std::uint64_t>;
using ByFamily = std::map<const MetricFamily*, std::vector<Series>>;

/// The cell's number in the unit of its family. A whole number keeps all of its digits.
std::string scaled(const MetricFamily& family, std::uint64_t cell) {
    if (family.per_unit != 1) {
        return fmt::format("{}", static_cast<double>(cell) / family.per_unit);
    }
    if (family.type == MetricType::counter) return fmt::format("{}", cell);
    return fmt::format("{}", static_cast<std::int64_t>(cell));
}

/// The upper bound of `…_bucket{le="…"}`.
double bound_of(std::string_view bucket) {
    constexpr std::string_view label = "{le=\"";
    double bound = std::numeric_limits<double>::infinity();
    const auto start = bucket.find(label);
    if (start == bucket.npos) return bound;
    bucket.remove_prefix(start + label.size());
    const std::string_view text = bucket.substr(0, bucket.find('"'));
    if (text != "+Inf") std::from_chars(text.data(), text.data() + text.size(), bound);
    return bound;
}

/// Cells count what is over the bound below; the format wants all that is under the bound.
void append_histogram(std::string& text, const MetricFamily& family,
                      const std::vector<Series>& series) {
    std::map<double, std::uint64_t> buckets = {{std::numeric_limits<double>::infinity(), 0}};
    std::uint64_t sum = 0;
    for (const auto& [name, value] : series) {
        if (name.substr(family.name.size()) == "_sum") {
            sum = value;
        } else {
            buckets[bound_of(name)] += value;
        }
    }
    auto out = std::back_inserter(text);
    std::uint64_t count = 0;
    for (const auto& [bound, value] : buckets) {
        count += value;
        const bool is_last = bound == std::numeric_limits<double>::infinity();
        fmt::format_to(out, "{}_bucket{{le=\"{}\"}} {}\n", family.name,
                       is_last ? "+Inf" : fmt::format("{}", bound), count);
    }
    fmt::format_to(out, "{0}_sum {1}\n{0}_count {2}\n", family.name, scaled(family, sum), count);
}

}  // namespace

std::string exposition(const MetricsMemory::Totals& totals,
                       const std::map<std::string, double>& now) {
    ByFamily counted;
    for (const auto& [series, value] : totals) {
        if (const MetricFamily* family = family_of(series)) {
            counted[family].emplace_back(series, value);
        }
    }
    std::map<const MetricFamily*, std::string> lines;
    for (const auto& [family, series] : counted) {
        std::string& text = lines[family];
        if (family->type == MetricType::histogram) {
            append_histogram(text, *family, series);
            continue;
        }
        for (const auto& [name, value] : series) {
            fmt::format_to(std::back_inserter(text), "{} {}\n", name, scaled(*family, value));
        }
    }
    for (const auto& [series, value] : now) {
        const MetricFamily* family = family_of(series);
        fmt::format_to(std::back_inserter(lines[family]), "{} {}\n", series, value);
    }
    std::string text;
    for (const MetricFamily& family : metric_families()) {
        const auto found = lines.find(&family);
        if (found == lines.end()) continue;
        fmt::format_to(std::back_inserter(text), "# HELP {0} {1}\n# TYPE {0} {2}\n{3}", family.name,
                       family.help, name_of(family.type), found->second);
    }
    return text;
}

}  // namespace larder
