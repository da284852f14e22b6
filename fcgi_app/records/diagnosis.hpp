#pragma once

#include <span>
#include <string>
#include <vector>

#include "catalog/resource.hpp"
#include "settings.hpp"

namespace larder {

/// Something that an operator should know about the servers behind Larder, in one line.
struct Finding {
    enum class Weight {
        ok,
        advice,   ///< works, but could be better or safer
        problem,  ///< does not work, or will not under load
    };
    Weight weight = Weight::ok;
    std::string text;  ///< what is so, and what to do about it
};

/// Looks at PostgreSQL and Redis as the workers of this host will find them: reach, schema,
/// connection limits, memory and persistence. Changes nothing. Takes as long as the time-outs of
/// the settings where a server does not answer.
std::vector<Finding> diagnose(const Settings& settings, std::span<const Resource> resources);

}  // namespace larder
