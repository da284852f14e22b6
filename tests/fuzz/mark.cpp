#include "feed/mark.hpp"

#include "fuzz/input.hpp"
#include "fuzz/target.hpp"

using namespace larder;

namespace {

bool is_same(const Mark& one, const Mark& other) {
    return one.host == other.host && one.epoch == other.epoch && one.rows == other.rows &&
           one.form == other.form;
}

}  // namespace

// A mark that is read says what it would be written as, but for leading zeros; and what is written
// is read again.
FUZZ_TARGET(mark) {
    if (const auto mark = parse_mark(input)) {
        MUST(mark->host.find(' ') == std::string::npos);
        const auto again = parse_mark(to_text(*mark));
        MUST(again && is_same(*again, *mark));
        MUST(to_text(*mark).size() <= input.size());
    }
    fuzz::Input decisions(input);
    const Mark made{.host = {},
                    .epoch = std::uint64_t{decisions.number()} << 32U | decisions.number(),
                    .rows = decisions.number(),
                    .form = decisions.number() % 2 == 0 ? "" : "0123456789abcdef"};
    const auto again = parse_mark(to_text(made));
    MUST(again && is_same(*again, made));
}
