#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <functional>
#include <string>
#include <string_view>
#include <vector>

namespace larder::bulk {

/// One record of a CSV file, or why it is none. Lives until the reader goes on.
struct CsvRecord {
    struct Cell {
        std::string_view text;
        bool is_quoted = false;
    };
    std::uint64_t line = 1;  ///< the first one of the record; lines count from 1
    std::vector<Cell> cells = {};
    std::string error = {};     ///< not empty: there are no cells
    std::string_view original;  ///< as it came, without the end of the line; cut off at the limit
};

/// Puts the records of a CSV file together (RFC 4180) from its bytes, in pieces of any size. As
/// people make it: with a byte order mark or without; lines end with CRLF, LF or CR; cells are
/// separated by a comma, a semicolon or a tab, which the first line tells, or the line `sep=;`
/// before it. Lines without a character are no records.
///
/// What is no record is one with an error, and the reader goes on with the next line: a quote in a
/// cell that does not begin with one, text behind the quote that ends a cell, a quote that is never
/// closed, NUL, text that is not UTF-8, a record of over `limit` bytes. Memory is bounded by
/// `limit`. Pure; for one thread.
///
/// libcsv does not tell the lines of records with quoted newlines, keeps a cell of any length in
/// memory, and its strict mode ends with the first bad quote.
class CsvReader {
public:
    /// Called for each record, in order. False: the reader takes no more.
    using Take = std::function<bool(const CsvRecord&)>;

    /// `limit`: bytes of one record.
    CsvReader(std::size_t limit, Take take);

    /// False: `take` has said so.
    bool read(std::string_view bytes);
    /// No more bytes come.
    bool end();

    char separator() const { return separator_; }

private:
    enum class State : unsigned char {
        start,    // of the file: the separator is not known
        record,   // before the first character of a record
        cell,     // before the first character of another cell
        plain,    // in a cell without quotes
        quoted,   // in a cell with quotes
        quote,    // behind a quote in such a cell: its end, or half of a pair
        skipping  // to the end of the line, because the record has an error
    };

    bool find_separator(std::string_view bytes, bool is_end);
    bool step(std::string_view bytes);
    std::size_t take_run(std::string_view bytes);
    bool take_special(char c);
    bool take_quote(bool is_in_cell);
    bool take_line_end();
    void begin_cell(bool is_quoted);
    void append(std::string_view text);
    void note(std::string_view bytes);
    void refuse(std::string_view why);
    bool end_record();

    const std::size_t limit_;
    const Take take_;
    State state_ = State::start;
    char separator_ = ',';
    std::array<bool, 256> is_special_{};
    std::string first_;  // what came until the separator was known

    struct Bounds {
        std::size_t begin;
        bool is_quoted;
    };
    std::string text_;  // of all cells of the record
    std::vector<Bounds> bounds_;
    std::string original_;
    bool is_too_long_ = false;
    std::string error_;
    CsvRecord record_;
    std::uint64_t line_ = 1;
    bool is_after_cr_ = false;  // an LF that comes now belongs to it
    bool is_over_ = false;
};

}  // namespace larder::bulk
