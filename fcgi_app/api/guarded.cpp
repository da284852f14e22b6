#include "api/guarded.hpp"

#include "observe/log.hpp"

namespace larder {

void answer_failure(Connection& connection, std::string_view cause) noexcept {
    try {
        log_error("request_failed", {{"error", cause}});
        if (connection.is_answered()) return;
        if (!connection.has_begun()) {
            return connection.answer(
                http::problem({.kind = ErrorKind::internal,
                               .detail = "Something went wrong inside the server."}));
        }
        // NOLINTNEXTLINE(bugprone-empty-catch)
    } catch (...) {  // what follows needs no memory
    }
    connection.abandon();
}

}  // namespace larder
