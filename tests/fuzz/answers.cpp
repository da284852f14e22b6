#include <filesystem>
#include <fstream>
#include <string>
#include <vector>

#include "fuzz/input.hpp"
#include "fuzz/target.hpp"
#include "observe/answer_log.hpp"
#include "unit/temporary_directory.hpp"

using namespace larder;

namespace {

/// How many complete lines of the text are answers that read a list. Paths of `/.` are no client's.
std::uint64_t list_answers(std::string_view text) {
    std::uint64_t count = 0;
    while (text.contains('\n')) {
        const std::string_view line = text.substr(0, text.find('\n'));
        text.remove_prefix(line.size() + 1);
        std::vector<std::string_view> words;
        for (fuzz::Input rest(line); !rest.is_empty();) words.push_back(rest.until(' '));
        if (words.size() < 3 || words.size() > 4 || words[2].empty()) continue;
        if (words[1].starts_with("/.")) continue;
        count += words[0] == "GET" || words[0] == "HEAD";
    }
    return count;
}

}  // namespace

// Every line is counted once, however the log grows; a line of any bytes is survived.
FUZZ_TARGET(answers) {
    const TemporaryDirectory run;
    const std::string path = run.path().string();
    const auto memory = MetricsMemory::open(path);
    MUST(memory.has_value());
    fuzz::Input pieces(input);
    const std::string_view first = pieces.bytes(pieces.byte());
    const std::string_view second = pieces.rest();
    for (const std::string_view piece : {first, second}) {
        std::ofstream(path + "/answers", std::ios::app | std::ios::binary) << piece;
        MUST(count_answers(**memory, path).has_value());
    }
    std::uint64_t counted = 0;
    for (const auto& [name, total] : (*memory)->totals([](std::string_view) { return false; })) {
        if (name.starts_with("larder_list_requests_total")) counted += total;
    }
    MUST(counted == list_answers(std::string(first) + std::string(second)));
}
