#pragma once

#include <span>
#include <string>
#include <vector>

#include "catalog/description.hpp"
#include "catalog/mistakes.hpp"

namespace larder {

/// A description, and the file it comes from.
struct Described {
    std::string file;
    Description description;
};

/// Completes what the references of all descriptions need to know of each other: the type of each
/// id, who refers to whom, and whether a removal may be refused. Gives the mistakes: a resource
/// that is not there, a circle of `cascade`, an example or a default that is no such id. `unread`
/// are names of resources whose files have mistakes of their own: to refer to them is none. Pure;
/// any thread.
std::vector<Mistake> resolve_references(std::span<Described> all,
                                        std::span<const std::string> unread);

}  // namespace larder
