#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <iterator>
#include <mutex>
#include <unordered_map>
#include <utility>
#include <vector>

namespace larder {

/// Requests that may share a piece of work, by what they share it for, until a store thread takes
/// them. One group of a line is at work at a time, so that under load groups grow: whoever comes
/// meanwhile goes with the next one, which begins after they came. Any thread.
template <class Key, class Member>
class Lines {
public:
    explicit Lines(std::size_t largest_group) : largest_group_(largest_group) {}

    /// Gives whether the caller has to see to it that somebody takes a group of this line.
    bool add(const Key& key, Member member) {
        const std::lock_guard lock(mutex_);
        const auto [line, is_new] = lines_.try_emplace(key);
        line->second.push_back(std::move(member));
        return is_new;
    }

    /// The next group, in the order in which its members came.
    std::vector<Member> take(const Key& key) {
        const std::lock_guard lock(mutex_);
        std::deque<Member>& line = lines_[key];
        const auto size = static_cast<std::ptrdiff_t>(std::min(line.size(), largest_group_));
        const auto end = line.begin() + size;
        std::vector<Member> group(std::move_iterator(line.begin()), std::move_iterator(end));
        line.erase(line.begin(), end);
        return group;
    }

    /// To be called when the work for a group is done. Gives whether there is another one to take.
    bool done(const Key& key) {
        const std::lock_guard lock(mutex_);
        const auto line = lines_.find(key);
        if (!line->second.empty()) return true;
        lines_.erase(line);
        return false;
    }

private:
    const std::size_t largest_group_;
    std::mutex mutex_;
    std::unordered_map<Key, std::deque<Member>> lines_;  // a line is here while a group is at work
};

}  // namespace larder
