#pragma once

#include <string_view>

namespace larder {

/// Whether this is how pgbouncer refuses a connection: it takes no `options`, which workers send
/// unless PREPARED_STATEMENTS is false, and no `replication`, which the feed needs.
inline bool is_refusal_of_pooler(std::string_view message) {
    return message.contains("unsupported startup parameter");
}

}  // namespace larder
