#pragma once

#include <sys/socket.h>

#include <pqxx/pqxx>
#include <string>
#include <string_view>
#include <utility>

#include "fault.hpp"

namespace larder {

/// Where a test makes calls to PostgreSQL fail (fault.hpp). For store/session.cpp only.

inline pqxx::broken_connection injected_loss() {
    return pqxx::broken_connection("injected: the connection is lost");
}

/// To be called before a connection is made.
inline void connecting() {
    if constexpr (has_faults) {
        if (next_fault(Seam::database, "connect") != Fault::none) throw injected_loss();
    }
}

/// Makes the `call` that sends `text` over `link`.
template <class Call>
auto at_seam(pqxx::connection& link, std::string_view text, Call call) {
    if constexpr (!has_faults) {
        return call();
    } else {
        const Fault fault = next_fault(Seam::database, text);
        if (fault == Fault::before) shutdown(link.sock(), SHUT_RDWR);
        if (fault == Fault::refused) {
            // What PostgreSQL would have done before it met the statement that it refuses.
            const std::string begun = text.starts_with("BEGIN") ? "BEGIN;" : "";
            pqxx::nontransaction(link).exec(
                begun + "DO $$BEGIN RAISE 'injected' USING ERRCODE = 'query_canceled'; END$$");
        }
        auto result = call();
        if (fault == Fault::after) {
            shutdown(link.sock(), SHUT_RDWR);
            throw injected_loss();
        }
        return result;
    }
}

}  // namespace larder
