#pragma once

#include <string_view>
#include <vector>

#include "catalog/resource.hpp"

namespace larder {

/// The resources of the program, as tests need them; they live as long as the tests do.
const std::vector<Resource>& resources();

/// One of them, by name; throws where there is none.
const Resource& resource(std::string_view name);

/// A resource that the program does not have, with every kind of field.
Resource invented_resource();

}  // namespace larder
