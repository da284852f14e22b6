#pragma once

#include <random>
#include <string>
#include <vector>

namespace larder::test {

/// A description that a test changes step by step, and values that fit it.

struct DescribedField {
    std::string name;
    std::string column;
    std::string type = "text";
    int least = 0;  ///< characters of a text, the value of an integer or decimal
    int most = 0;
    std::vector<std::string> values = {};  ///< of an enum
    bool is_optional = true;
    bool is_unique = false;
    std::string fallback = {};  ///< as TOML; empty: none
    std::string fill = {};

    [[nodiscard]] std::string toml() const;

    /// A value as an SQL constant, another one for each `serial` where the type has so many. It
    /// fits all rules that `evolve` gives the field.
    [[nodiscard]] std::string value(std::mt19937& random, int serial) const;
};

struct Described {
    std::string name;
    bool has_uuid = false;
    std::vector<DescribedField> fields;
    int made = 0;  ///< names that were given

    [[nodiscard]] std::string toml() const;
};

Described new_description(std::mt19937& random, const std::string& name);

/// A step of a chain.
struct Evolved {
    std::string what;
    Described description;
    std::vector<std::string> drops = {};
};

/// Changes one thing; `left` are columns that no field has any more.
Evolved evolve(std::mt19937& random, const Described& before, const std::vector<std::string>& left);

}  // namespace larder::test
