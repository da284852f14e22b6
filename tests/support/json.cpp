#include "json.hpp"

#include <rapidjson/reader.h>
#include <rapidjson/stringbuffer.h>
#include <rapidjson/writer.h>

#include <algorithm>
#include <map>
#include <ostream>

namespace larder::test {

/// Builds a value from RapidJSON's events. RapidJSON's own DOM cannot tell the text of a number
/// from a string.
class JsonBuilder : public rapidjson::BaseReaderHandler<rapidjson::UTF8<>, JsonBuilder> {
public:
    using Kind = Json::Kind;

    bool Null() { return scalar(Kind::null, "null"); }
    bool Bool(bool value) { return scalar(Kind::boolean, value ? "true" : "false"); }
    bool RawNumber(const char* text, rapidjson::SizeType length, bool) {
        const auto found = long_numbers_.find(numbers_++);
        return scalar(Kind::number, found == long_numbers_.end() ? std::string_view(text, length)
                                                                 : found->second);
    }
    bool String(const char* text, rapidjson::SizeType length, bool) {
        return scalar(Kind::string, {text, length});
    }
    bool Key(const char* text, rapidjson::SizeType length, bool) {
        open_.back().names_.emplace_back(text, length);
        return true;
    }
    bool StartObject() { return start(Kind::object); }
    bool StartArray() { return start(Kind::array); }
    bool EndObject(rapidjson::SizeType) { return end(); }
    bool EndArray(rapidjson::SizeType) { return end(); }

    Json take() { return std::move(root_); }

    /// RapidJSON refuses a number of more digits than a double can count, even where it only hands
    /// its text on. It reads `0` in place of each such number; this returns that document.
    std::string shorten_numbers(std::string_view document);

private:
    bool scalar(Kind kind, std::string_view text) {
        Json value;
        value.kind_ = kind;
        value.text_ = text;
        return place(std::move(value));
    }
    bool start(Kind kind) {
        open_.emplace_back().kind_ = kind;
        return true;
    }
    bool end() {
        Json value = std::move(open_.back());
        open_.pop_back();
        return place(std::move(value));
    }
    bool place(Json value) {
        (open_.empty() ? root_ : open_.back().children_.emplace_back()) = std::move(value);
        return true;
    }

    Json root_;
    std::vector<Json> open_;
    std::size_t numbers_ = 0;
    std::map<std::size_t, std::string_view> long_numbers_;  // by how many numbers come before
};

std::string JsonBuilder::shorten_numbers(std::string_view document) {
    constexpr std::size_t harmless = 300;
    std::string shortened;
    std::size_t count = 0;
    bool quoted = false;
    for (std::size_t i = 0; i < document.size(); ++i) {
        const char c = document[i];
        const bool escape = quoted && c == '\\' && i + 1 < document.size();
        quoted = quoted != (c == '"');
        if (quoted || (c != '-' && (c < '0' || c > '9'))) {
            shortened += c;
            if (escape) shortened += document[++i];
            continue;
        }
        const auto length = document.find_first_not_of("+-.0123456789eE", i) - i;
        const auto token = document.substr(i, length);
        const bool replace = token.size() > harmless;
        if (replace) long_numbers_.emplace(count, token);
        shortened += replace ? "0" : token;
        i += token.size() - 1;
        ++count;
    }
    return shortened;
}

namespace {

const Json nothing;

std::string named(Json::Kind kind) {
    static constexpr std::string_view names[] = {"missing", "null",  "boolean", "number",
                                                 "string",  "array", "object"};
    return std::string(names[static_cast<std::size_t>(kind)]);
}

}  // namespace

Json Json::parse(std::string_view text) {
    JsonBuilder builder;
    rapidjson::Reader reader;
    const auto shortened = builder.shorten_numbers(text);
    rapidjson::MemoryStream stream(shortened.data(), shortened.size());
    rapidjson::EncodedInputStream<rapidjson::UTF8<>, rapidjson::MemoryStream> input(stream);
    constexpr unsigned flags = rapidjson::kParseIterativeFlag |
                               rapidjson::kParseValidateEncodingFlag |
                               rapidjson::kParseNumbersAsStringsFlag;
    return reader.Parse<flags>(input, builder) ? builder.take() : Json();
}

std::string Json::number() const {
    return kind_ == Kind::number ? text_ : "not a number but " + named(kind_) + " " + text_;
}

std::string Json::string() const {
    return kind_ == Kind::string ? text_ : "not a string but " + named(kind_) + " " + text_;
}

const Json& Json::operator[](std::string_view name) const {
    const auto found = std::ranges::find(names_, name);
    if (found == names_.end()) return nothing;
    return children_[static_cast<std::size_t>(found - names_.begin())];
}

const Json& Json::element(std::size_t index) const {
    return kind_ == Kind::array && index < children_.size() ? children_[index] : nothing;
}

bool Json::contains(std::string_view name) const {
    return std::ranges::find(names_, name) != names_.end();
}

Json Json::without(std::string_view name) const {
    Json copy = *this;
    const auto found = std::ranges::find(names_, name);
    if (found == names_.end()) return copy;
    const auto position = found - names_.begin();
    copy.names_.erase(copy.names_.begin() + position);
    copy.children_.erase(copy.children_.begin() + position);
    return copy;
}

bool operator==(const Json& left, const Json& right) {
    if (left.kind_ != right.kind_ || left.text_ != right.text_) return false;
    if (left.kind_ != Json::Kind::object) return left.children_ == right.children_;
    return left.size() == right.size() &&
           std::ranges::all_of(left.names_, [&](const std::string& name) {
               return right.contains(name) && left[name] == right[name];
           });
}

std::ostream& operator<<(std::ostream& out, const Json& value) {
    if (value.kind_ == Json::Kind::missing) return out << "(missing)";
    if (value.kind_ == Json::Kind::string) return out << json_string(value.text_);
    const bool object = value.kind_ == Json::Kind::object;
    if (!object && value.kind_ != Json::Kind::array) return out << value.text_;
    out << (object ? '{' : '[');
    for (std::size_t i = 0; i < value.size(); ++i) {
        if (i != 0) out << ',';
        if (object) out << json_string(value.names_[i]) << ':';
        out << value.children_[i];
    }
    return out << (object ? '}' : ']');
}

std::string json_string(std::string_view text) {
    rapidjson::StringBuffer buffer;
    rapidjson::Writer<rapidjson::StringBuffer> writer(buffer);
    writer.String(text.data(), static_cast<rapidjson::SizeType>(text.size()));
    return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace larder::test
