#pragma once

#include <functional>
#include <random>
#include <string>
#include <vector>

namespace larder::test {

/// Descriptions that a test changes step by step, and values that fit them.

struct DescribedField {
    std::string name;
    std::string column;
    std::string type = "text";
    int least = 0;  ///< characters of a text, the value of an integer or decimal
    int most = 0;
    std::vector<std::string> values = {};  ///< of an enum
    std::string to = {};                   ///< of a reference
    std::string on_delete = {};
    bool is_optional = true;
    bool is_unique = false;
    bool may_repeat = false;    ///< rows have or get the same value from a `default` or a `fill`
    std::string fallback = {};  ///< as TOML; empty: none
    std::string fill = {};

    [[nodiscard]] std::string toml() const;

    /// A value as JSON, another one for each `serial` where the type has so many. It fits all rules
    /// that `evolve` gives the field. `some_id` gives the id of a record of a resource, as JSON.
    [[nodiscard]] std::string value(
        std::mt19937& random, int serial,
        const std::function<std::string(const std::string&)>& some_id) const;
};

struct Described {
    std::string name;
    bool has_uuid = false;
    std::vector<DescribedField> fields;
    int made = 0;  ///< names that were given

    [[nodiscard]] std::string toml() const;
};

using DescribedAll = std::vector<Described>;

Described new_description(std::mt19937& random, const std::string& name);

/// A step of a chain.
struct Evolved {
    std::string what;
    std::size_t place = 0;  ///< of the description that is changed
    Described description;
    std::vector<std::string> drops = {};
};

/// Changes one thing of one description; `left(name)` are columns of it that no field has any more.
Evolved evolve(std::mt19937& random, const DescribedAll& before,
               const std::function<std::vector<std::string>(const Described&)>& left);

int roll(std::mt19937& random, int least, int most);
bool chance(std::mt19937& random, int percent);

}  // namespace larder::test
