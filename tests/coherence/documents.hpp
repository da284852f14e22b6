#pragma once

#include <random>
#include <string>
#include <utility>
#include <vector>

#include "../support/json.hpp"
#include "value.hpp"

namespace larder::coherence {

/// A member of a record, and its value as JSON.
using Member = std::pair<std::string, std::string>;

/// What a change of a record sends. A record with a parent keeps the one that it has. No record can
/// be made of it, except of an item: what others need has no part in a change. So an import that
/// changes records brings none back that were removed.
std::vector<Member> members_of(Resource resource, Value value);
/// What a new record is made of. `parent`: the id of the one to which it refers; empty: none.
std::vector<Member> new_members_of(Resource resource, Value value, const std::string& parent = {});

/// An id that the client chooses for a new record.
std::string some_uuid(std::mt19937_64& random);

/// The bodies that have these members.
std::string document_of(Resource resource, Value value);
std::string new_document_of(Resource resource, Value value, const std::string& parent = {});
std::string to_document(const std::vector<Member>& members);

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
