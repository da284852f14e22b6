#pragma once

#include <iosfwd>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

namespace larder::test {

/// A JSON value for assertions. Numbers keep their text (`24.90` differs from `24.9`), members keep
/// their order, duplicates stay. What is not there is a value of kind `missing`, so that a chain
/// of look-ups never throws and a failed assertion prints what it met.
class Json {
public:
    enum class Kind { missing, null, boolean, number, string, array, object };

    Json() = default;

    /// Kind `missing` if `text` is not exactly one JSON document.
    static Json parse(std::string_view text);

    [[nodiscard]] Kind kind() const { return kind_; }
    [[nodiscard]] bool is(Kind kind) const { return kind_ == kind; }

    /// The text of a string (decoded) or a number (as sent), `true`, `false`, `null`; else "".
    [[nodiscard]] const std::string& text() const { return text_; }
    /// The text if this is a number or a string respectively; otherwise a remark that no number and
    /// no expected string equals.
    [[nodiscard]] std::string number() const;
    [[nodiscard]] std::string string() const;

    /// The first member of this name.
    const Json& operator[](std::string_view name) const;
    [[nodiscard]] const Json& element(std::size_t index) const;

    [[nodiscard]] bool contains(std::string_view name) const;
    /// Elements of an array or members of an object; 0 for all else.
    [[nodiscard]] std::size_t size() const { return children_.size(); }
    [[nodiscard]] const std::vector<Json>& elements() const { return children_; }
    [[nodiscard]] const std::vector<std::string>& names() const { return names_; }

    /// A copy without the member of this name.
    [[nodiscard]] Json without(std::string_view name) const;

    /// Members may stand in any order; numbers are compared as text.
    friend bool operator==(const Json& left, const Json& right);
    friend std::ostream& operator<<(std::ostream& out, const Json& value);

private:
    friend class JsonBuilder;
    Kind kind_ = Kind::missing;
    std::string text_;
    std::vector<std::string> names_;  // of the members, parallel to children_
    std::vector<Json> children_;
};

inline Json operator""_json(const char* text, std::size_t length) {
    return Json::parse({text, length});
}

/// `text` as a JSON string with its quotes. `text` has to be UTF-8.
std::string json_string(std::string_view text);

}  // namespace larder::test
