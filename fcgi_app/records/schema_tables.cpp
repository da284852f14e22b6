#include "records/schema_tables.hpp"

#include <fmt/format.h>

#include <vector>

#include "json/text.hpp"
#include "number.hpp"

namespace larder {

std::string names_of_tables(std::span<const Resource> resources) {
    std::vector<std::string> names;
    for (const Resource& resource : resources) names.push_back(json::quoted(resource.sql_table()));
    return fmt::format("[{}]", fmt::join(names, ","));
}

std::size_t place_of(const Row& row, std::size_t column) {
    return to_number<std::size_t>(row.at(column).value_or("")).value_or(0);
}

}  // namespace larder
