#include "catalog/resource.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "catalog/names.hpp"

namespace larder {

const Field* Resource::find_field(std::string_view wanted) const {
    const auto found = std::ranges::find(fields, wanted, &Field::name);
    return found == fields.end() ? nullptr : &*found;
}

std::string Resource::sql_table() const {
    return (schema == "public" ? schema : quoted_identifier(schema)) + '.' +
           quoted_identifier(table_name());
}

bool Resource::removal_changes_others() const {
    return std::ranges::any_of(referrers, [](const Referrer& referrer) {
        return referrer.on_delete != OnDelete::restrict;
    });
}

bool Resource::keeps_json() const {
    return is_document() || std::ranges::any_of(fields, &Field::is_json);
}

std::string Resource::path_of(std::string_view record) const {
    return fmt::format("/{}/{}", name, record);
}

std::string Resource::not_found(std::string_view record) const {
    return fmt::format("{} with id '{}' not found", title, record);
}

}  // namespace larder
