#include <string>

#include "fuzz/input.hpp"
#include "fuzz/target.hpp"
#include "http/conditional.hpp"

using namespace larder;

namespace {

const std::string present = http::entity_tag("{}");

/// A list of entity tags as RFC 9110 has it (5.6.1, 8.8.3), and what it says of `present`.
struct List {
    std::string header;
    bool has_strong = false;
    bool has_any = false;
};

/// The characters that may stand in a tag: no space, no quote, no DEL, but commas.
std::string tag_from(fuzz::Input& input) {
    if (input.flag()) return present;
    std::string tag = "\"";
    for (const char c : input.bytes(input.byte() % 5)) {
        const auto byte = static_cast<unsigned char>(c);
        if (byte > 0x20 && byte != '"' && byte != 0x7F) tag += c;
    }
    return tag + '"';
}

List list_from(fuzz::Input& input) {
    List list;
    for (unsigned left = 1 + input.byte() % 4; left > 0; --left) {
        if (!list.header.empty()) list.header += input.flag() ? " ,\t" : ",";
        const bool is_weak = input.flag();
        const std::string tag = tag_from(input);
        list.header += (is_weak ? "W/" : "") + tag;
        list.has_any = list.has_any || tag == present;
        list.has_strong = list.has_strong || (tag == present && !is_weak);
    }
    return list;
}

}  // namespace

// Well-formed lists say what RFC 9110 has them say; anything else is read to its end.
FUZZ_TARGET(preconditions) {
    http::if_none_match_names(input, present);
    http::if_match_passes(input, present);
    fuzz::Input decisions(input);
    const List list = list_from(decisions);
    MUST(http::if_none_match_names(list.header, present) == list.has_any);
    MUST(http::if_match_passes(list.header, present) == list.has_strong);
}
