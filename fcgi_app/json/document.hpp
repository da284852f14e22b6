#pragma once

#include <expected>
#include <string>
#include <string_view>
#include <vector>

namespace larder::json {

enum class Type { null, boolean, number, string, object, array };

/// One member of the root object. `text` is the decoded string, or the digits of a number as they
/// were sent; it is empty for other types.
struct Member {
    std::string name;
    Type type;
    std::string text;

    /// Where the value is in the text, from the end of the key on.
    std::size_t begin = 0;
    std::size_t end = 0;
};

/// The value of a member as it was sent; `text` is what `parse` has read.
std::string_view raw_value(const Member& member, std::string_view text);

/// A request body that was read completely: its root type and, for an object, its members in the
/// order sent. Deeper levels are checked but not kept.
struct Document {
    Type root = Type::null;
    std::vector<Member> members;

    /// Of an array, what its elements are and where each of them ends in the text.
    struct Element {
        Type type;
        std::size_t end = 0;
    };
    std::vector<Element> elements = {};

    /// JSON pointers (RFC 6901) of the numbers, at any level, that are not storable
    /// (json/decimal.hpp), those in the root's member `id` left out; of very many the first.
    std::vector<std::string> unstorable;

    /// How many bytes longer the text gets when its numbers are written out, those in the root's
    /// member `id` left out.
    std::size_t growth = 0;

    const Member* find(std::string_view name) const;
};

/// The JSON pointer of a member of the object or array at `parent`.
std::string pointer(std::string_view parent, std::string_view name);

inline constexpr int depth_limit = 32;  ///< the root counts as 1

/// Reads one JSON text (RFC 8259). Refused, with a message for the client: anything that is not
/// JSON (UTF-16, UTF-32, gzip and a byte order mark are named), not UTF-8, cut off or followed by
/// something, holds NUL, lone surrogates or a duplicate key, or is nested over `depth_limit`.
/// Numbers of any size are accepted and keep their digits. Pure; any thread.
std::expected<Document, std::string> parse(std::string_view text);

/// Whether a text is one JSON number (RFC 8259, section 6), and nothing else. Pure; any thread.
bool is_number(std::string_view text);

}  // namespace larder::json
