#include "json/document.hpp"

#include <fmt/format.h>
#include <rapidjson/error/en.h>
#include <rapidjson/memorystream.h>
#include <rapidjson/reader.h>

#include <algorithm>
#include <set>

#include "json/decimal.hpp"
#include "json/text.hpp"

namespace larder::json {

namespace {

constexpr unsigned parse_flags = rapidjson::kParseIterativeFlag |
                                 rapidjson::kParseValidateEncodingFlag |
                                 rapidjson::kParseNumbersAsStringsFlag;

/// Receives RapidJSON's events; keeps the members of the root and refuses what RapidJSON lets pass.
class Collector {
public:
    using Size = rapidjson::SizeType;

    /// `original` is the text as sent; `stream` tells where in it the reader is.
    Collector(std::string_view original, const rapidjson::MemoryStream& stream)
        : original_(original), stream_(stream) {}

    bool Null() { return value(Type::null); }
    bool Bool(bool) { return value(Type::boolean); }
    bool RawNumber(const char*, Size length, bool) {
        const std::string_view number = original_.substr(stream_.Tell() - length, length);
        if (!is_in_id()) measure(number);
        return value(Type::number, number);
    }
    bool String(const char* text, Size length, bool) {
        return checked({text, length}) && value(Type::string, {text, length});
    }
    bool Key(const char* text, Size length, bool) {
        const std::string_view name(text, length);
        if (!checked(name)) return false;
        Level& level = levels_.back();
        if (!level.keys.emplace(name).second) {
            refusal_ = fmt::format("The key '{}' appears twice in one object.", name);
            return false;
        }
        level.name = name;
        key_end_ = stream_.Tell();
        return true;
    }
    bool StartObject() { return open(Type::object); }
    bool StartArray() { return open(Type::array); }
    bool EndObject(Size) { return close(); }
    bool EndArray(Size) { return close(); }

    // Never called: numbers come as RawNumber.
    bool Int(int) { return false; }
    bool Uint(unsigned) { return false; }
    bool Int64(std::int64_t) { return false; }
    bool Uint64(std::uint64_t) { return false; }
    bool Double(double) { return false; }

    const std::string& refusal() const { return refusal_; }
    Document take() { return std::move(document_); }

private:
    /// An object or array that is open, and where in it the reader is.
    struct Level {
        bool is_array = false;
        std::set<std::string> keys = {};  // no hash: clients choose the keys
        std::string name = {};
        std::size_t index = 0;
    };

    void measure(std::string_view number) {
        const bool is_plain = number.find_first_of("eE") == number.npos;
        if (is_plain && number.size() <= static_cast<std::size_t>(most_digits)) return;
        if (!is_storable(number)) return note_unstorable();
        const auto written = static_cast<std::size_t>(written_digits(number));
        if (written > number.size()) document_.growth += written - number.size();
    }
    void note_unstorable() {
        constexpr std::size_t most_noted = 65536;  // bytes; each of many may have a long path
        if (noted_ >= most_noted) return;
        noted_ += document_.unstorable.emplace_back(here()).size();
    }
    std::string here() const {
        std::string path;
        for (const Level& level : levels_) {
            path = pointer(path, level.is_array ? std::to_string(level.index) : level.name);
        }
        return path;
    }
    /// In the value of the root's member `id`.
    bool is_in_id() const { return !levels_.empty() && levels_.front().name == "id"; }
    bool value(Type type, std::string_view text = {}) {
        if (levels_.empty()) document_.root = type;
        if (levels_.size() == 1 && document_.root == Type::object) {
            document_.members.push_back(
                {levels_.back().name, type, std::string(text), key_end_, key_end_});
        }
        if (levels_.size() == 1 && document_.root == Type::array) {
            document_.elements.push_back({.type = type});
        }
        if (type != Type::object && type != Type::array) step();
        return true;
    }
    /// `unread`: bytes of the value that the reader has not taken yet.
    void step(std::size_t unread = 0) {
        if (levels_.empty()) return;
        ++levels_.back().index;
        if (levels_.size() != 1) return;
        if (!document_.members.empty()) document_.members.back().end = stream_.Tell() + unread;
        if (!document_.elements.empty()) document_.elements.back().end = stream_.Tell() + unread;
    }
    bool open(Type type) {
        if (levels_.size() == depth_limit) {
            refusal_ = fmt::format("The body is nested over {} levels deep.", depth_limit);
            return false;
        }
        value(type);
        levels_.push_back({.is_array = type == Type::array});
        return true;
    }
    bool close() {
        levels_.pop_back();
        step(1);  // the bracket
        return true;
    }
    // RapidJSON 1.1.0 lets \u0000 and an escaped lone low surrogate pass.
    bool checked(std::string_view text) {
        if (text.find('\0') != text.npos) {
            refusal_ = "The body holds a NUL character.";
        } else if (!is_utf8(text)) {
            refusal_ = "The body holds half a surrogate pair.";
        }
        return refusal_.empty();
    }

    std::string_view original_;
    const rapidjson::MemoryStream& stream_;
    Document document_;
    std::vector<Level> levels_;
    std::size_t key_end_ = 0;  // of the key that was read last
    std::size_t noted_ = 0;    // bytes of pointers to unstorable numbers
    std::string refusal_;
};

/// What a text is that no JSON text can be, by its first bytes; empty: nothing of that. JSON begins
/// with an ASCII character, and so does what follows it where a text has two bytes or more.
std::string foreign_encoding(std::string_view text) {
    using namespace std::string_view_literals;
    const auto is = [](std::string_view name) {
        return fmt::format("The body is {}; JSON is to be sent as UTF-8.", name);
    };
    if (text.starts_with("\xEF\xBB\xBF")) {
        return "The body begins with a byte order mark; JSON is to be sent as UTF-8 without one.";
    }
    if (text.starts_with("\x1F\x8B")) return is("compressed (gzip)");
    if (text.starts_with("\xFF\xFE\0\0"sv) || text.starts_with("\0\0\xFE\xFF"sv)) {
        return is("UTF-32 with a byte order mark");
    }
    if (text.starts_with("\xFF\xFE") || text.starts_with("\xFE\xFF")) {
        return is("UTF-16 with a byte order mark");
    }
    if (text.size() < 2 || text.size() % 2 != 0) return {};
    // Which of the first four bytes are NUL tells the encoding.
    const auto is_nul = [&](std::size_t i) { return i < text.size() && text[i] == '\0'; };
    if (text.size() % 4 == 0 && is_nul(1) && is_nul(2) && (is_nul(0) != is_nul(3))) {
        return is("UTF-32");
    }
    const bool is_big = is_nul(0) && !is_nul(1) && (text.size() == 2 || (is_nul(2) && !is_nul(3)));
    const bool is_little =
        !is_nul(0) && is_nul(1) && (text.size() == 2 || (!is_nul(2) && is_nul(3)));
    if (is_big || is_little) return is(is_big ? "UTF-16 (big-endian)" : "UTF-16 (little-endian)");
    return {};
}

std::size_t skip_digits(std::string_view text, std::size_t at) {
    return std::min(text.find_first_not_of("0123456789", at), text.size());
}

/// The length of the number (RFC 8259, section 6) at the start of `text`; 0: there is none.
std::size_t number_length(std::string_view text) {
    std::size_t at = text.starts_with('-') ? 1 : 0;
    const std::size_t whole = skip_digits(text, at);
    if (whole == at || (text[at] == '0' && whole > at + 1)) return 0;
    at = whole;
    if (text.substr(at).starts_with('.')) {
        const std::size_t end = skip_digits(text, at + 1);
        if (end == at + 1) return 0;
        at = end;
    }
    if (at < text.size() && (text[at] == 'e' || text[at] == 'E')) {
        const bool is_signed = at + 1 < text.size() && (text[at + 1] == '+' || text[at + 1] == '-');
        const std::size_t first = at + (is_signed ? 2 : 1);
        const std::size_t end = skip_digits(text, first);
        if (end == first) return 0;
        at = end;
    }
    return at;
}

/// RapidJSON refuses numbers over the range of double even where it does not convert them. Puts
/// others of the same length in place of all long numbers from `offset` on, which is in no string.
/// All in one pass: a body of nothing but such numbers must not cost a reading each.
void stand_in(std::string& text, std::size_t offset) {
    constexpr std::size_t shortest = 5;  // 1e309
    bool in_string = false;
    for (std::size_t at = offset; at < text.size(); ++at) {
        if (text[at] == '"') in_string = !in_string;
        if (in_string) {
            if (text[at] == '\\') ++at;
            continue;
        }
        const std::size_t end =
            std::min(text.find_first_not_of("+-.0123456789eE", at), text.size());
        if (end == at) continue;
        const std::string_view number = std::string_view(text).substr(at, end - at);
        if (number.size() >= shortest && number_length(number) == number.size()) {
            text.replace(at, end - at, end - at, '1');
            text.replace(at, 2, "0.");
        }
        at = end - 1;
    }
}

}  // namespace

std::string pointer(std::string_view parent, std::string_view name) {
    std::string result(parent);
    result += '/';
    for (const char c : name) {
        if (c == '~') {
            result += "~0";
        } else if (c == '/') {
            result += "~1";
        } else {
            result += c;
        }
    }
    return result;
}

std::string_view raw_value(const Member& member, std::string_view text) {
    constexpr std::string_view space = " \t\r\n";
    std::string_view value = text.substr(member.begin, member.end - member.begin);
    value.remove_prefix(std::min(value.find(':') + 1, value.size()));
    value.remove_prefix(std::min(value.find_first_not_of(space), value.size()));
    value.remove_suffix(value.size() - (value.find_last_not_of(space) + 1));
    return value;
}

const Member* Document::find(std::string_view name) const {
    for (const Member& member : members) {
        if (member.name == name) return &member;
    }
    return nullptr;
}

bool is_number(std::string_view text) {
    return !text.empty() && number_length(text) == text.size();
}

std::expected<Document, std::string> parse(std::string_view text) {
    if (auto named = foreign_encoding(text); !named.empty()) {
        return std::unexpected(std::move(named));
    }
    if (text.find('\0') != text.npos)
        return std::unexpected<std::string>("The body holds a NUL character.");
    std::string replaced;
    std::string_view readable = text;
    for (;;) {
        rapidjson::MemoryStream stream(readable.data(), readable.size());
        Collector collector(text, stream);
        rapidjson::Reader reader;
        const auto result = reader.Parse<parse_flags>(stream, collector);
        if (!result.IsError()) return collector.take();
        if (result.Code() == rapidjson::kParseErrorTermination) {
            return std::unexpected(collector.refusal());
        }
        if (result.Code() == rapidjson::kParseErrorNumberTooBig && replaced.empty()) {
            replaced = text;
            stand_in(replaced, result.Offset());
            readable = replaced;
            continue;
        }
        return std::unexpected(fmt::format("The body is not JSON: {} (at byte {})",
                                           rapidjson::GetParseError_En(result.Code()),
                                           result.Offset()));
    }
}

}  // namespace larder::json
