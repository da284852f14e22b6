#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "catalog/resource.hpp"
#include "error.hpp"
#include "query/query.hpp"

namespace larder {

/// The form that an Accept header chooses for a list (RFC 9110, section 12.5.1). JSON where nothing
/// is sent, or nothing that there is: a client that cannot read it learns that from its type. Where
/// CSV alone would do and the records have no columns: `not_acceptable`. Pure; any thread.
///
/// nginx hands Accept over only where it names one of the types above (nginx/list_maps.conf). So
/// wildcards alone get JSON.
Expected<query::Form> list_form(const Resource& resource, std::string_view accept);

/// What stands around the records of a list, which are JSON, or lines of CSV without their end.
struct ListFrame {
    std::string_view content_type;
    std::string begin;
    std::string_view between;
    std::string_view after_each;
    std::string_view end;
};

/// `from_cache`: what an envelope says of where the answer comes from.
ListFrame list_frame(const Resource& resource, const query::Query& query, bool from_cache);

/// Adds a record, for NDJSON without the line breaks that JSON text of a column of type `json` may
/// have between its tokens.
void append_record(std::string& body, query::Form form, std::string_view record);

}  // namespace larder
