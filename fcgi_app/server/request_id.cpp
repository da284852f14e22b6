#include "server/request_id.hpp"

#include <fmt/format.h>

#include <atomic>
#include <cstdint>

#include "cache/shared_memory.hpp"

namespace larder {

std::string make_request_id() {
    static const std::string process = random_token().substr(0, 16);
    static std::atomic<std::uint64_t> count = 0;
    return fmt::format("{}{:016x}", process, count.fetch_add(1, std::memory_order_relaxed));
}

}  // namespace larder
