#include <optional>
#include <string>
#include <string_view>

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

/// Whether a write may go on under this If-Match or If-None-Match; nothing: the field is malformed.
std::optional<bool> passes(std::optional<std::string_view> if_match,
                           std::optional<std::string_view> if_none_match) {
    const auto parsed = http::parse_preconditions(if_match, if_none_match);
    if (!parsed) {
        MUST(parsed.error().kind == ErrorKind::bad_request);
        return std::nullopt;
    }
    MUST(parsed->if_match.has_value() == if_match.has_value());
    MUST(parsed->if_none_match.has_value() == if_none_match.has_value());
    const auto checked = http::check(*parsed, present);
    MUST(checked || checked.error().kind == ErrorKind::precondition_failed);
    return checked.has_value();
}

/// A field that was sent and cannot be read guards nothing, so that the write must not go on.
void check_field(std::string_view header) {
    const auto match = passes(header, std::nullopt);
    const auto none_match = passes(std::nullopt, header);
    MUST(match.has_value() == none_match.has_value());
    MUST(!http::if_none_match_names(header, present) || none_match == false);
    if (!match) return;
    MUST(http::if_none_match_names(header, present) == !*none_match);
    MUST(!*match || !*none_match);  // what matches strongly matches weakly
    MUST(header.find_first_of("*\"") != header.npos);
}

}  // namespace

// Well-formed lists say what RFC 9110 has them say; anything else is refused or says nothing.
FUZZ_TARGET(preconditions) {
    check_field(input);
    MUST(passes(std::nullopt, std::nullopt) == true);
    fuzz::Input decisions(input);
    const List list = list_from(decisions);
    MUST(http::if_none_match_names(list.header, present) == list.has_any);
    MUST(passes(list.header, std::nullopt) == list.has_strong);
    MUST(passes(std::nullopt, list.header) == !list.has_any);
    MUST(passes(list.header, decisions.rest()).value_or(false) <= list.has_strong);
}
