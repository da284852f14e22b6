#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace larder::coherence {

/// Children and friends refer to parents: with a parent its children are removed, and the
/// references of its friends become null. `links` are these references, each taken for a record of
/// its own: it is there until it is cleared, and has the id of its friend.
enum class Resource : std::uint8_t {
    employees,
    products,
    items,
    parents,
    children,
    friends,
    links
};
inline constexpr std::array unrelated_resources = {Resource::employees, Resource::products,
                                                   Resource::items};
inline constexpr std::array all_resources = {Resource::employees, Resource::products,
                                             Resource::items,     Resource::parents,
                                             Resource::children,  Resource::friends};
inline constexpr std::size_t resource_kinds = 7;

/// Whether its records refer to a parent.
constexpr bool has_parent(Resource resource) {
    return resource == Resource::children || resource == Resource::friends;
}

std::string_view name_of(Resource resource);

/// What a write puts into a record: a number that is written once in a run. Every member of the
/// record follows from it, so a record that mixes two writes can be told from a whole one.
struct Value {
    std::uint64_t number = 0;

    /// The n-th value (n > 0) of a run. `employee_id` (0: none, at most 4095) and `high_salary`
    /// matter for employees only.
    static Value make(std::uint64_t n, unsigned employee_id = 0, bool high_salary = false);

    /// The employee ID that an employee with this value owns; 0 if none.
    [[nodiscard]] unsigned employee_id() const { return (number >> 1U) & 4095U; }
    /// Whether /employees/high-salary shows an employee with this value.
    [[nodiscard]] bool high_salary() const { return (number & 1U) != 0; }
    /// Whether this is a value at all, and not `absent`.
    [[nodiscard]] bool present() const { return number != 0; }

    friend auto operator<=>(const Value&, const Value&) = default;
};

/// The state of a record that is not there.
inline constexpr Value absent{};
/// The state of every link that is not cleared.
inline constexpr Value linked{~std::uint64_t{1}};

std::string to_string(Value value);
/// The inverse of to_string; nothing if a text is no value of a run (sample data, for one).
std::optional<Value> parse_value(std::string_view text);

/// An employee ID as it is sent: "E1" for 1.
std::string employee_id_text(unsigned employee_id);
/// The salary of an employee with this value, in units.
std::uint64_t salary_of(Value value);

}  // namespace larder::coherence

template <>
struct std::hash<larder::coherence::Value> {
    std::size_t operator()(larder::coherence::Value value) const noexcept {
        return std::hash<std::uint64_t>()(value.number);
    }
};
