#include <string>
#include <vector>

#include "bulk/csv_reader.hpp"
#include "fuzz/input.hpp"
#include "fuzz/target.hpp"

using namespace larder::bulk;

namespace {

constexpr std::size_t limit = 64;

struct Record {
    std::uint64_t line;
    std::string error;
    std::vector<std::string> cells;

    bool operator==(const Record&) const = default;
};

/// In pieces whose lengths the input chooses.
std::vector<Record> read(std::string_view file, larder::fuzz::Input pieces, char* separator) {
    std::vector<Record> found;
    CsvReader reader(limit, [&](const CsvRecord& record) {
        MUST(record.error.empty() != record.cells.empty());
        MUST(record.original.size() <= limit);
        Record one{record.line, record.error, {}};
        for (const auto& cell : record.cells) {
            MUST(cell.is_quoted || cell.text.find('"') == cell.text.npos);
            one.cells.emplace_back(cell.text);
        }
        found.push_back(std::move(one));
        return true;
    });
    while (!file.empty()) {
        const std::string_view piece = file.substr(0, 1 + pieces.byte() % 16);
        MUST(reader.read(piece));
        file.remove_prefix(piece.size());
    }
    MUST(reader.end());
    *separator = reader.separator();
    return found;
}

/// The records as a file that can have only one meaning.
std::string written(const std::vector<Record>& records, char separator) {
    std::string text;
    for (const Record& record : records) {
        for (std::size_t at = 0; at < record.cells.size(); ++at) {
            if (at > 0) text += separator;
            text += '"';
            for (const char c : record.cells[at]) {
                if (c == '"') text += '"';
                text += c;
            }
            text += '"';
        }
        text += "\r\n";
    }
    return text;
}

}  // namespace

// Any bytes give records or errors, the same in whatever pieces they come; lines rise; and what was
// read is read again from what it is written as.
FUZZ_TARGET(csv) {
    larder::fuzz::Input rest(input);
    const std::string_view pieces = rest.bytes(4);
    const std::string_view file = rest.rest();
    char separator = ',';
    const auto found = read(file, larder::fuzz::Input(pieces), &separator);
    MUST(found == read(file, larder::fuzz::Input({}), &separator));
    std::uint64_t line = 0;
    std::vector<Record> sound;
    for (const Record& record : found) {
        MUST(record.line > line);
        line = record.line;
        // What is written has more quotes, and may be over the limit.
        if (!record.cells.empty() && written({record}, separator).size() <= limit) {
            sound.push_back(record);
        }
    }
    const std::string head = std::string("sep=") + separator + "\n";
    const auto again =
        read(head + written(sound, separator), larder::fuzz::Input(pieces), &separator);
    MUST(again.size() == sound.size());
    for (std::size_t at = 0; at < sound.size(); ++at) MUST(again[at].cells == sound[at].cells);
}
