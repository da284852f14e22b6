#include "resource/resource.hpp"

#include <fmt/format.h>

namespace larder {

std::string Resource::path_of(std::string_view record) const {
    return fmt::format("/{}/{}", name, record);
}

std::string Resource::not_found(std::string_view record) const {
    return fmt::format("{} with id '{}' not found", title, record);
}

std::expected<void, std::string> check_resources(std::span<const Resource> resources) {
    for (const Resource& resource : resources) {
        for (const Field& field : resource.fields) {
            if (!field.unique || !std::holds_alternative<Decimal>(field.type)) continue;
            return std::unexpected(
                fmt::format("resource {}: field {} is a Decimal and cannot be unique, because one"
                            " decimal has several texts; unique is for Text and Integer",
                            resource.name, field.name));
        }
    }
    return {};
}

}  // namespace larder
