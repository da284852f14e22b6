#pragma once

#include <string>
#include <string_view>

namespace larder::http {

/// The entity tag of a record: a hash of its JSON, in quotes. The same bytes have the same tag on
/// every host, cached or not, and a row needs no version column for it.
std::string entity_tag(std::string_view json);

/// Whether an If-None-Match header names this tag, by weak comparison (RFC 9110, section 13.1.2).
/// An empty header names nothing.
bool if_none_match_names(std::string_view header, std::string_view tag);

/// Whether an If-Match header lets a request pass, by strong comparison (section 13.1.1). An empty
/// header lets every request pass.
bool if_match_passes(std::string_view header, std::string_view tag);

}  // namespace larder::http
