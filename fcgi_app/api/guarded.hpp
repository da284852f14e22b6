#pragma once

#include <exception>
#include <span>
#include <string_view>

#include "api/operation.hpp"

namespace larder {

/// The last resort for a call whose answer could not be made: an answer 500, or, where that cannot
/// be made either (memory may be short), the end of the connection. Nothing is done to an answer
/// that is there. On the thread that holds the connection.
void answer_failure(Connection& connection, std::string_view cause) noexcept;

/// Runs `work` for these calls. Whatever it throws ends these calls and nothing else. False: it
/// threw. On the thread that holds the connections.
template <class Work>
bool guarded(std::span<const Call> calls, Work work) {
    const auto fail_all = [&](std::string_view cause) {
        for (const Call& call : calls) answer_failure(*call.connection, cause);
    };
    try {
        work();
        return true;
    } catch (const std::exception& error) {
        fail_all(error.what());
    } catch (...) {
        fail_all("an unknown exception");
    }
    return false;
}

}  // namespace larder
