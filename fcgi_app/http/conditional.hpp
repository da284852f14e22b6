#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "error.hpp"

namespace larder::http {

/// The entity tag of a record: a hash of its JSON, in quotes. The same bytes have the same tag on
/// every host, cached or not, and a row needs no version column for it.
std::string entity_tag(std::string_view json);

/// What a GET may be answered with: whether an If-None-Match header names this tag, by weak
/// comparison (RFC 9110, section 13.1.2). An empty or malformed header names nothing.
bool if_none_match_names(std::string_view header, std::string_view tag);

/// One entity tag (RFC 9110, section 8.8.3). `opaque` has its quotes and no `W/`.
struct EntityTag {
    std::string_view opaque;
    bool is_weak = false;
};

/// The value of If-Match or If-None-Match: `*`, or one tag or more.
struct TagList {
    bool is_any = false;
    std::vector<EntityTag> tags;
};

/// The conditions of a write. The views refer to the header fields that were parsed.
struct Preconditions {
    std::optional<TagList> if_match;
    std::optional<TagList> if_none_match;

    bool empty() const { return !if_match && !if_none_match; }
};

/// Reads the conditions of a write. Nothing means that the header field was not sent. A field that
/// is empty or malformed is `bad_request`: a client that asks for a guard must not go unguarded.
/// Pure; any thread.
Expected<Preconditions> parse_preconditions(std::optional<std::string_view> if_match,
                                            std::optional<std::string_view> if_none_match);

/// Whether a record that exists and has this tag meets the conditions (RFC 9110, section 13.2.2);
/// if not, `precondition_failed` with the reason. If-Match compares strongly, If-None-Match weakly.
/// Pure; any thread.
Expected<void> check(const Preconditions& preconditions, std::string_view tag);

}  // namespace larder::http
