#pragma once

#include <expected>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/mistakes.hpp"
#include "catalog/resource.hpp"

namespace larder {

/// Where the parts of a field of type `reference` stand; what is missing stands where the field
/// does.
struct ReferencePlaces {
    std::string field;
    Position to = {};
    Position on_delete = {};
    Position example = {};
    Position fallback = {};
};

/// What one file describes, with the places that checks between files need.
struct Description {
    Resource resource;
    Position title = {};
    Position table = {.line = 0, .column = 0};   ///< 0: the text does not name it
    std::map<std::string, Position> lists = {};  ///< by path
    std::vector<ReferencePlaces> references = {};
};

/// Reads the description of the resource `name` (docs/describing.md has the format), or tells every
/// mistake in it, without the file, in the order of the text. What this version cannot serve is a
/// mistake: nothing is ignored in silence. What depends on another description is left to
/// resolve_references. Pure; any thread; never throws but for want of memory.
std::expected<Description, std::vector<Mistake>> read_description(std::string_view name,
                                                                  std::string_view text);

}  // namespace larder
