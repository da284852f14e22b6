#include <algorithm>
#include <cstdint>
#include <limits>

#include "admin/check_rules.hpp"
#include "admin/decimal_bounds.hpp"
#include "number.hpp"

namespace larder::admin {

namespace {

/// The number in brackets after `prefix`, as in `character varying(20)`.
std::optional<std::size_t> length_in(std::string_view type, std::string_view prefix) {
    if (!type.starts_with(prefix) || !type.ends_with(')')) return std::nullopt;
    return to_number<std::size_t>(type.substr(prefix.size(), type.size() - prefix.size() - 1));
}

template <class Whole>
Integer range_of() {
    return {.least = std::numeric_limits<Whole>::min(), .most = std::numeric_limits<Whole>::max()};
}

}  // namespace

std::optional<FieldType> rules_of_type(std::string_view type,
                                       const std::vector<std::string>& labels) {
    if (std::ranges::find(labels, "") != labels.end()) return std::nullopt;
    if (!labels.empty()) return Enum{labels};
    if (type == "text" || type == "character varying" || type == "bpchar" || type == "citext" ||
        type == "public.citext") {
        return Text{};
    }
    for (const std::string_view prefix : {"character varying(", "character("}) {
        if (const auto longest = length_in(type, prefix)) return Text{.longest = *longest};
    }
    if (type == "smallint") return range_of<std::int16_t>();
    if (type == "integer") return range_of<std::int32_t>();
    if (type == "bigint") return Integer{};
    if (type == "numeric" || (type.starts_with("numeric(") && type.ends_with(')'))) {
        return decimal_of_type(type);
    }
    if (type == "boolean") return Boolean{};
    if (type == "date") return Date{};
    if (type.starts_with("timestamp") && !type.contains('[')) {
        if (type.ends_with("without time zone")) return DateTime{};
        if (type.ends_with("with time zone")) return Timestamp{};
    }
    if (type == "double precision" || type == "real") return Float{};
    if (type == "uuid") return Uuid{};
    if (type == "json" || type == "jsonb") return Json{};
    return std::nullopt;
}

}  // namespace larder::admin
