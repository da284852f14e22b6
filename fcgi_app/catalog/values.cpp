#include "catalog/values.hpp"

#include <variant>

#include "catalog/value_rules.hpp"

namespace larder {

std::expected<std::string, std::string> stored_text(const FieldType& type,
                                                    const json::Member& member) {
    return std::visit([&](const auto& rules) { return stored(rules, member); }, type);
}

}  // namespace larder
