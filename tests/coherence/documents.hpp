#pragma once

#include <string>

#include "../support/json.hpp"
#include "value.hpp"

namespace larder::coherence {

/// The body of a write of a value. A record with a parent keeps the one that it has.
std::string document_of(Resource resource, Value value);
/// The body of a creation that refers to the parent with this id.
std::string document_of(Resource resource, Value value, const std::string& parent);

/// What a record in an answer says.
struct Reading {
    enum class Kind {
        ours,    ///< holds `value`
        other,   ///< sample data, or written by somebody else
        broken,  ///< members of one of our records that do not belong together
    };
    Kind kind = Kind::other;
    std::string id;
    Value value;
    bool has_parent = false;  ///< its reference to a parent is not null
};

Reading read_document(Resource resource, const test::Json& record);

}  // namespace larder::coherence
