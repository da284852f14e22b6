#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <utility>
#include <variant>
#include <vector>

namespace larder::json {

/// A JSON value that the program itself composes (RFC 8259); what clients send is read by parse().
/// The members of an object keep their order, and whoever adds them keeps their names apart. Texts
/// must be UTF-8. A value owns all that is in it.
class Value {
public:
    using Array = std::vector<Value>;
    using Member = std::pair<std::string, Value>;
    using Object = std::vector<Member>;

    Value() = default;  ///< null

    // Implicit, so that documents are written as what they hold.
    Value(bool value) : value_(value) {}
    Value(int value) : value_(std::int64_t{value}) {}
    Value(std::int64_t value) : value_(value) {}
    Value(const char* text) : value_(std::string(text)) {}
    Value(std::string_view text) : value_(std::string(text)) {}
    Value(std::string text) : value_(std::move(text)) {}
    Value(Array elements) : value_(std::move(elements)) {}
    Value(Object members) : value_(std::move(members)) {}

    /// A value that is JSON text already, such as a number that keeps its digits.
    static Value json(std::string_view text);

    /// As JSON text, in lines that are indented by two spaces a level.
    std::string text() const;

private:
    struct Json {
        std::string text;
    };
    explicit Value(Json json) : value_(std::move(json)) {}

    template <class Writer>
    void write(Writer& writer) const;

    std::variant<std::monostate, bool, std::int64_t, std::string, Json, Array, Object> value_;
};

}  // namespace larder::json
