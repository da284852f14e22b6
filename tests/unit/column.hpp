#pragma once

#include <string>

#include "admin/check_rules.hpp"
#include "admin/table.hpp"

/// A column of a type of PostgreSQL, with no more rules than the type has.
inline larder::admin::Column column(const std::string& name, const std::string& type,
                                    bool is_required = true) {
    return {.name = name,
            .type = type,
            .base_type = type,
            .rules = larder::admin::rules_of_type(type, {}),
            .is_required = is_required};
}
