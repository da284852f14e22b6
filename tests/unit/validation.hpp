#pragma once

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "catalog/change.hpp"

namespace larder {

/// The pointers of the fields that validation refuses, sorted; fails the test where it refuses the
/// body as a whole.
inline std::vector<std::string> refused_fields(const Resource& resource, ChangeMode mode,
                                               std::string_view body) {
    const auto change = validate(resource, mode, body);
    if (change) return {};
    BOOST_TEST((change.error().kind == ErrorKind::unprocessable));
    BOOST_TEST(!change.error().detail.empty());
    std::vector<std::string> pointers;
    for (const FieldError& field : change.error().fields) {
        BOOST_TEST(!field.detail.empty());
        pointers.push_back(field.pointer);
    }
    BOOST_TEST(!pointers.empty());
    std::ranges::sort(pointers);
    return pointers;
}

/// What a valid body assigns to a field: nothing, NULL or a value.
inline std::optional<std::optional<std::string>> assigned(const Change& change,
                                                          std::string_view field) {
    for (const Assignment& assignment : change.assignments) {
        if (assignment.field->name == field) return assignment.value;
    }
    return std::nullopt;
}

}  // namespace larder
