#include "store/sqlstate.hpp"

#include <string_view>
#include <utility>

namespace larder {

Error out_of_reach(std::string log) {
    return {.kind = ErrorKind::unavailable,
            .detail = "The database is out of reach.",
            .log = std::move(log)};
}

Error error_of(const std::string& state, std::string log) {
    const auto error = [&](ErrorKind kind, std::string detail) {
        return Error{.kind = kind, .detail = std::move(detail), .log = std::move(log)};
    };
    const std::string_view category = std::string_view(state).substr(0, 2);
    if (state == "23505" || state == "23P01") {
        return error(ErrorKind::conflict, "A unique value is already taken.");
    }
    if (state == "23503" || state == "23001") {
        Error broken =
            error(ErrorKind::unprocessable, "The body refers to a record that does not exist.");
        broken.breaks_reference = true;
        return broken;
    }
    // A deadlock, of which PostgreSQL has chosen one side, may be over the next time.
    if (state == "55P03" || state == deadlock) return locked_by_another(std::move(log));
    if (category == "22" || category == "23" || state == "54000") {
        return error(ErrorKind::unprocessable, "The database cannot hold a value of this body.");
    }
    // A policy of row-level security, or a privilege that the role does not have.
    if (state == insufficient_privilege) {
        return error(ErrorKind::forbidden, "The database does not let Larder make this change.");
    }
    // RAISE in a trigger: a rule of the operator's own.
    if (state == "P0001") {
        return error(ErrorKind::unprocessable, "The database refuses this change.");
    }
    // Canceled, by statement_timeout or by an administrator.
    if (state == "57014") {
        Error canceled = error(ErrorKind::unavailable, "The database could not do this now.");
        canceled.is_timed_out = true;
        return canceled;
    }
    if (category == "08" || category == "25" || category == "53" || category == "57" ||
        category == "40" || category == "55" || state.empty()) {
        return error(ErrorKind::unavailable, "The database could not do this now.");
    }
    return error(ErrorKind::internal, "Something went wrong inside the server.");
}

bool ends_session(const std::string& state) {
    const std::string_view category = std::string_view(state).substr(0, 2);
    return state.empty() || category == "08" || category == "25" || state.starts_with("57P") ||
           state == "26000" || state == "0A000";
}

Error error_of_read(Error error) {
    if (error.kind != ErrorKind::forbidden) return error;
    error.kind = ErrorKind::unavailable;
    error.detail = "The database does not let Larder read this; see larder check.";
    return error;
}

}  // namespace larder
