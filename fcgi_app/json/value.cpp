#include "json/value.hpp"

#include <rapidjson/prettywriter.h>
#include <rapidjson/stringbuffer.h>

namespace larder::json {

namespace {

template <class... Visitors>
struct Overloaded : Visitors... {
    using Visitors::operator()...;
};

rapidjson::SizeType size_of(std::string_view text) {
    return static_cast<rapidjson::SizeType>(text.size());
}

}  // namespace

Value Value::json(std::string_view text) { return Value(Json{std::string(text)}); }

template <class Writer>
void Value::write(Writer& writer) const {
    const Overloaded visitor{
        [&](std::monostate) { writer.Null(); }, [&](bool value) { writer.Bool(value); },
        [&](std::int64_t value) { writer.Int64(value); },
        [&](const std::string& text) { writer.String(text.data(), size_of(text)); },
        // The type matters only to a writer that checks what it is told; this one does not.
        [&](const Json& json) {
            writer.RawValue(json.text.data(), json.text.size(), rapidjson::kNumberType);
        },
        [&](const Array& elements) {
            writer.StartArray();
            for (const Value& element : elements) element.write(writer);
            writer.EndArray();
        },
        [&](const Object& members) {
            writer.StartObject();
            for (const auto& [name, value] : members) {
                writer.Key(name.data(), size_of(name));
                value.write(writer);
            }
            writer.EndObject();
        }};
    std::visit(visitor, value_);
}

std::string Value::text() const {
    rapidjson::StringBuffer buffer;
    rapidjson::PrettyWriter<rapidjson::StringBuffer> writer(buffer);
    writer.SetIndent(' ', 2);
    write(writer);
    return {buffer.GetString(), buffer.GetSize()};
}

}  // namespace larder::json
