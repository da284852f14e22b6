#include "resource/resource.hpp"

#include <fmt/format.h>

namespace larder {

std::string Resource::path_of(std::string_view record) const {
    return fmt::format("/{}/{}", name, record);
}

std::string Resource::not_found(std::string_view record) const {
    return fmt::format("{} with id '{}' not found", title, record);
}

}  // namespace larder
