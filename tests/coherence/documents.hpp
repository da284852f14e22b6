#pragma once

#include <string>

#include "../support/json.hpp"
#include "value.hpp"

namespace larder::coherence {

/// The body of a write of a value.
std::string document_of(Resource resource, Value value);

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
};

Reading read_document(Resource resource, const test::Json& record);

}  // namespace larder::coherence
