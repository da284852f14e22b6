// Odd CSV files, by a generator that knows what is in them: its cells are the judge of the reader.
#include <boost/test/unit_test.hpp>

#include <cstdint>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "bulk/csv_reader.hpp"

using namespace larder::bulk;

namespace {

using Cells = std::vector<std::string>;

/// A record, or (no cells) a line that is none.
struct Wanted {
    std::uint64_t line;
    Cells cells;
};

class OddFile {
public:
    explicit OddFile(unsigned seed) : random_(seed) {
        separator_ = one_of(",;\t")[0];
        columns_ = 2 + number(4);
        if (chance(4)) text_ = "\xEF\xBB\xBF";
        if (chance(6)) {
            text_.append("sep=").append(1, separator_);
            end_line();
        }
        Cells names;
        for (std::size_t at = 0; at < columns_; ++at) names.push_back("name" + std::to_string(at));
        add(names, chance(3));
        const std::size_t lines = number(30);
        for (std::size_t i = 0; i < lines; ++i) add_line();
        if (chance(2)) text_.erase(text_.find_last_not_of("\r\n") + 1);
    }

    const std::string& text() const { return text_; }
    const std::vector<Wanted>& wanted() const { return wanted_; }

private:
    std::size_t number(std::size_t below) { return random_() % below; }
    bool chance(std::size_t in) { return number(in) == 0; }
    std::string one_of(std::string_view characters) {
        return std::string(1, characters[number(characters.size())]);
    }

    /// A line end of one kind for each file would hide what mixed ones do.
    void end_line() {
        constexpr std::string_view ends[] = {"\n", "\r\n", "\r"};
        text_ += ends[number(3)];
        ++line_;
        // A CR that ends a line, and an LF that ends an empty one, would be one line end.
        if (text_.ends_with('\r')) text_ += "\n";
    }

    std::string cell() {
        constexpr std::string_view parts[] = {"a",  "B 2",  " ",  "ä",   "日本", "😀",
                                              "\"", ",",    ";",  "\t",  "\n",   "\r\n",
                                              "'",  "=1+1", "\\", "\\.", "é",    "0"};
        std::string text;
        for (std::size_t left = number(6); left > 0; --left)
            text += parts[number(std::size(parts))];
        return text;
    }

    static std::size_t newlines(std::string_view text) {
        std::size_t count = 0;
        for (const char c : text) count += c == '\n';
        return count;
    }

    void add(const Cells& cells, bool quotes_all) {
        std::string line;
        for (std::size_t at = 0; at < cells.size(); ++at) {
            if (at > 0) line += separator_;
            const bool must =
                cells[at].find_first_of(std::string("\"\r\n") + separator_) != std::string::npos;
            // A line of one empty cell would be an empty line.
            if (!must && !quotes_all && !(cells.size() == 1 && cells[at].empty())) {
                line += cells[at];
                continue;
            }
            line += '"';
            for (const char c : cells[at]) {
                if (c == '"') line += '"';
                line += c;
            }
            line += '"';
        }
        wanted_.push_back({line_, cells});
        line_ += newlines(line);
        text_ += line;
        end_line();
    }

    void add_broken() {
        constexpr std::string_view broken[] = {"ab\"c",     "\"x\"y", "\"x\" ",
                                               "\xE9t\xE9", "\xC3",   "\xED\xA0\x80"};
        std::string line(broken[number(std::size(broken))]);
        if (chance(2)) line = std::string("n\0ul", 4);
        line.append(1, separator_).append("rest");
        wanted_.push_back({line_, {}});
        text_ += line;
        end_line();
    }

    void add_line() {
        if (chance(8)) return end_line();
        if (chance(8)) return add_broken();
        Cells cells;
        const std::size_t count = chance(10) ? 1 + number(8) : columns_;
        for (std::size_t at = 0; at < count; ++at) cells.push_back(cell());
        add(cells, chance(4));
    }

    std::mt19937 random_;
    char separator_ = ',';
    std::size_t columns_ = 0;
    std::string text_;
    std::uint64_t line_ = 1;
    std::vector<Wanted> wanted_;
};

std::vector<Wanted> read(std::string_view text, std::size_t piece) {
    std::vector<Wanted> found;
    CsvReader reader(1048576, [&](const CsvRecord& record) {
        Wanted one{record.line, {}};
        for (const auto& cell : record.cells) one.cells.emplace_back(cell.text);
        found.push_back(std::move(one));
        return true;
    });
    for (std::size_t at = 0; at < text.size(); at += piece) reader.read(text.substr(at, piece));
    reader.end();
    return found;
}

void expect(std::string_view text, const std::vector<Wanted>& wanted, std::size_t piece) {
    const auto found = read(text, piece);
    BOOST_REQUIRE(found.size() == wanted.size());
    for (std::size_t at = 0; at < found.size(); ++at) {
        BOOST_TEST(found[at].line == wanted[at].line);
        BOOST_TEST(found[at].cells == wanted[at].cells, boost::test_tools::per_element());
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(bulk_odd_files)

BOOST_AUTO_TEST_CASE(five_hundred_odd_files_are_read_right) {
    std::mt19937 random(1);
    for (unsigned seed = 1; seed <= 500; ++seed) {
        const OddFile file(seed);
        BOOST_TEST_CONTEXT("seed " << seed << ": " << file.text()) {
            expect(file.text(), file.wanted(), 1 + random() % 40);
            expect(file.text(), file.wanted(), file.text().size() + 1);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_field_of_ten_megabytes_is_one_error) {
    std::string big(10U << 20U, 'x');
    big.replace(1000, 4, "\"\"\n,");
    const std::string text = "a,b\n1,2\n\"" + big + "\",3\n4,5\n";
    expect(text, {{1, {"a", "b"}}, {2, {"1", "2"}}, {3, {}}, {5, {"4", "5"}}}, 65536);
}

BOOST_AUTO_TEST_SUITE_END()
