#include "records/backend.hpp"

#include <fmt/format.h>

namespace larder {

std::string record_key(const Resource& resource, std::string_view id) {
    return fmt::format("{}:{}", resource.name, id);
}

std::string claim_key(const Resource& resource, const Field& field, std::string_view value) {
    return fmt::format("{}.{}:{}", resource.name, field.name, value);
}

}  // namespace larder
