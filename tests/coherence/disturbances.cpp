#include "disturbances.hpp"

#include <algorithm>

namespace larder::coherence {

Disturbances::Scope::Scope(Disturbances& all) : all_(all) {
    const std::scoped_lock lock(all_.mutex_);
    position_ = all_.failures_.size();
    all_.failures_.push_back({now(), never});
}

Disturbances::Scope::~Scope() {
    const std::scoped_lock lock(all_.mutex_);
    all_.failures_[position_].end = now() + recovery;
}

void Disturbances::wrote(Resource resource, RecordNumber record, Time start, Time end) {
    const std::scoped_lock lock(mutex_);
    writes_.push_back({.record = record, .resource = resource, .start = start, .end = end + lag});
}

std::vector<Grace> Disturbances::graces() const {
    const std::scoped_lock lock(mutex_);
    auto graces = writes_;
    for (auto& grace : graces) {
        // Failures begin in this order, so one that is reached by an extension is still to come.
        for (const auto& failure : failures_) {
            const bool overlaps = failure.start <= grace.end && failure.end >= grace.start;
            if (overlaps) grace.end = std::max(grace.end, failure.end);
        }
    }
    return graces;
}

}  // namespace larder::coherence
