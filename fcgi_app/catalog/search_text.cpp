#include "catalog/search_text.hpp"

#include <fmt/format.h>

#include "catalog/names.hpp"

namespace larder {

std::string search_vector(const Resource& resource) {
    std::string text;
    for (const Field& field : resource.fields) {
        if (!field.search) continue;
        text += fmt::format("{}COALESCE({}, '')", text.empty() ? "" : " || ' ' || ",
                            quoted_identifier(field.column_name()));
    }
    return text.empty() ? text : fmt::format("to_tsvector('simple', {})", text);
}

}  // namespace larder
