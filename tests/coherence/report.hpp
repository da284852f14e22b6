#pragma once

#include <iosfwd>
#include <map>
#include <string>
#include <vector>

#include "check.hpp"
#include "recorder.hpp"

namespace larder::coherence {

/// Says what was wrong and prints the operations that prove it, with times in milliseconds since
/// `origin`.
void print_violation(std::ostream& out, const Violation& violation, const RecordTable& records,
                     Time origin);

/// Operations by kind and outcome, and the share of reads that a cache answered.
void print_operations(std::ostream& out, const History& history, Time origin);

/// The end of the last operation that proves it: when it could be known.
Time known_at(const Violation& violation);

}  // namespace larder::coherence
