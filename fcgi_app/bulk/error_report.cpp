#include "bulk/error_report.hpp"

#include <fmt/format.h>

namespace larder::bulk {

ErrorReport::ErrorReport(int descriptor) : file_(fdopen(descriptor, "w")) {
    if (file_) fmt::print(file_.get(), "line,field,reason,original\r\n");
}

void ErrorReport::add(const FailedRow& row) {
    if (!file_) return;
    for (const FieldError& error : row.errors) {
        const std::string_view pointer = error.pointer;
        fmt::print(file_.get(), "{},{},{},{}\r\n", row.line,
                   csv_cell(pointer.substr(pointer.empty() ? 0 : 1)), csv_cell(error.detail),
                   csv_cell(row.original));
    }
}

bool ErrorReport::finish() {
    return file_ && std::fflush(file_.get()) == 0 && std::ferror(file_.get()) == 0;
}

std::string csv_cell(std::string_view text) {
    constexpr std::string_view needs_quotes = "\",;\t\r\n";
    if (text.find_first_of(needs_quotes) == text.npos) return std::string(text);
    std::string cell = "\"";
    for (const char c : text) {
        if (c == '"') cell += '"';
        cell += c;
    }
    return cell + '"';
}

}  // namespace larder::bulk
