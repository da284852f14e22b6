#include "catalog/values.hpp"

#include <variant>

#include "catalog/value_rules.hpp"

namespace larder {

StoredText stored(const Boolean&, const SentValue& value) {
    if (!value.is(json::Type::boolean)) return misfit("must be true or false");
    return std::string(value.raw);
}

StoredText stored(const Json&, const SentValue& value) { return std::string(value.raw); }

StoredText stored(const Other&, const SentValue&) { return misfit("cannot be sent"); }

// An id of any sign, so that what an adopted table has can be sent back.
StoredText stored(const Reference& type, const SentValue& value) {
    return type.id == IdType::integer ? stored(Integer{}, value) : stored(Uuid{}, value);
}

std::expected<std::string, std::string> stored_text(const FieldType& type,
                                                    const json::Member& member,
                                                    std::string_view raw) {
    const SentValue value{.member = member, .raw = raw};
    return std::visit([&](const auto& rules) { return stored(rules, value); }, type);
}

}  // namespace larder
