#pragma once

#include <algorithm>
#include <cstddef>
#include <deque>
#include <iterator>
#include <mutex>
#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

namespace larder {

/// Requests that may share a piece of work, by the key of what they share, until a store thread
/// takes them. One group of a key is at work at a time, so groups grow under load: a request that
/// comes meanwhile goes with the next group, which begins after it came. Any thread.
template <class Member>
class GroupQueue {
public:
    /// Gives whether the caller has to see to it that a thread takes a group of this key.
    bool add(const std::string& key, Member member) {
        const std::lock_guard lock(mutex_);
        const auto [queue, is_new] = queues_.try_emplace(key);
        queue->second.push_back(std::move(member));
        return is_new;
    }

    /// The next group, of at most `largest` members in the order in which they came.
    std::vector<Member> take(const std::string& key, std::size_t largest) {
        const std::lock_guard lock(mutex_);
        std::deque<Member>& queue = queues_[key];
        const auto size = static_cast<std::ptrdiff_t>(std::min(queue.size(), largest));
        const auto end = queue.begin() + size;
        std::vector<Member> group(std::move_iterator(queue.begin()), std::move_iterator(end));
        queue.erase(queue.begin(), end);
        return group;
    }

    /// To be called when the work for a group is done. Gives whether there is another one to take.
    bool done(const std::string& key) {
        const std::lock_guard lock(mutex_);
        const auto queue = queues_.find(key);
        if (!queue->second.empty()) return true;
        queues_.erase(queue);
        return false;
    }

    /// Whether a group of this key is at work or waits.
    bool contains(const std::string& key) {
        const std::lock_guard lock(mutex_);
        return queues_.contains(key);
    }

private:
    std::mutex mutex_;
    std::unordered_map<std::string, std::deque<Member>> queues_;  // while a group is at work
};

}  // namespace larder
