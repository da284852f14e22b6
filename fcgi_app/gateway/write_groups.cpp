#include "gateway/write_groups.hpp"

#include <algorithm>
#include <iterator>
#include <utility>

namespace larder {

namespace {

constexpr std::size_t groups_at_work = 1;  // one makes its changes while the other is flushed
constexpr std::size_t largest_group = 32;

}  // namespace

bool WriteGroups::add(Write write) {
    const std::lock_guard lock(mutex_);
    Line& line = lines_[write.plan.route.resource];
    line.waiting.push_back(std::move(write));
    if (line.at_work == groups_at_work) return false;
    ++line.at_work;
    return true;
}

std::vector<WriteGroups::Write> WriteGroups::take(const Resource& resource) {
    const std::lock_guard lock(mutex_);
    auto& waiting = lines_[&resource].waiting;
    const auto end =
        waiting.begin() + static_cast<std::ptrdiff_t>(std::min(waiting.size(), largest_group));
    std::vector<Write> group(std::move_iterator(waiting.begin()), std::move_iterator(end));
    waiting.erase(waiting.begin(), end);
    return group;
}

bool WriteGroups::done(const Resource& resource) {
    const std::lock_guard lock(mutex_);
    Line& line = lines_[&resource];
    if (!line.waiting.empty()) return true;
    --line.at_work;
    return false;
}

}  // namespace larder
