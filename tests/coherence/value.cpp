#include "value.hpp"

#include <charconv>

namespace larder::coherence {
namespace {

constexpr std::string_view value_prefix = "coherence-";

}  // namespace

std::string_view name_of(Resource resource) {
    static constexpr std::array<std::string_view, resource_kinds> names = {
        "employees", "products", "items", "parents", "children", "friends", "links"};
    return names[static_cast<std::size_t>(resource)];
}

Value Value::make(std::uint64_t n, unsigned employee_id, bool high_salary) {
    return {(n << 13U) | (std::uint64_t{employee_id} << 1U) | (high_salary ? 1U : 0U)};
}

std::string to_string(Value value) {
    return value.present() ? std::string(value_prefix) + std::to_string(value.number) : "absent";
}

std::optional<Value> parse_value(std::string_view text) {
    if (!text.starts_with(value_prefix)) return std::nullopt;
    text.remove_prefix(value_prefix.size());
    Value value;
    const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value.number);
    if (error != std::errc() || end != text.data() + text.size()) return std::nullopt;
    return value;
}

std::string employee_id_text(unsigned employee_id) { return "E" + std::to_string(employee_id); }

std::uint64_t salary_of(Value value) {
    // The list /employees/high-salary shows what is over 100000.
    return (value.high_salary() ? 100001 : 50000) + (value.number >> 13U) % 40000;
}

}  // namespace larder::coherence
