#include "store/cache_locks.hpp"

#include <fmt/format.h>

#include "catalog/names.hpp"

namespace larder {

std::string cache_lock_number(std::string_view name) {
    return fmt::format("hashtextextended(({}) COLLATE \"C\", 0)", name);
}

Statement take_locks(const std::vector<std::string>& names) {
    return {fmt::format("SELECT pg_advisory_xact_lock_shared({}) FROM unnest($1::text[]) AS name",
                        cache_lock_number("name")),
            {quoted_array(names)}};
}

// Not by pg_locks: to list all locks of the server takes as long as to read a short list.
Statement are_free(const std::vector<std::string>& names) {
    return {fmt::format("SELECT bool_and(CASE WHEN pg_try_advisory_lock({0})"
                        " THEN pg_advisory_unlock({0}) ELSE false END)"
                        " FROM unnest($1::text[]) AS name",
                        cache_lock_number("name")),
            {quoted_array(names)}};
}

}  // namespace larder
