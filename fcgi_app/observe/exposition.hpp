#pragma once

#include <map>
#include <string>

#include "observe/metrics_memory.hpp"

namespace larder {

/// Media type of the text format of Prometheus.
inline constexpr std::string_view exposition_type = "text/plain; version=0.0.4; charset=utf-8";

/// The numbers in the text format of Prometheus: families in the order of `metric_families`, their
/// series by name, buckets made cumulative. Series of no known family are left out. `now` has what
/// nobody counts, in the unit of the family and not of its cells. Pure.
std::string exposition(const MetricsMemory::Totals& totals,
                       const std::map<std::string, double>& now);

}  // namespace larder
