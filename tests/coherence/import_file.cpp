#include "import_file.hpp"

#include <algorithm>
#include <array>
#include <map>
#include <span>

namespace larder::coherence {
namespace {

using test::Json;

constexpr std::size_t most_errors = 100;  // that an answer names
constexpr int taken = 409;
constexpr int not_found = 404;

std::string name_of(OnConflict choice) {
    static constexpr std::array names = {"fail", "skip", "update"};
    return names[static_cast<std::size_t>(choice)];
}

/// As a cell: nothing in the texts of these records needs quotes, and null is an empty cell.
std::string cell_of(const std::vector<Member>& members, const std::string& name) {
    const auto member = std::ranges::find(members, name, &Member::first);
    if (member == members.end() || member->second == "null") return {};
    auto text = member->second;
    std::erase(text, '"');
    return text;
}

std::string join(const std::vector<std::string>& cells) {
    std::string line;
    for (const auto& cell : cells) line += cell + ',';
    line.back() = '\n';
    return line;
}

void refuse(ImportedRow& row, int status) {
    row.write.outcome = Outcome::refused;
    row.write.status = status;
}

void refuse_all(ImportFile& file) {
    for (auto& row : file.rows) refuse(row, 200);
}

std::size_t number_in(const Json& counts, const char* name) {
    const auto text = counts[name].text();
    return text.empty() ? 0 : std::stoul(text);
}

/// What a row that failed tells of records: that the one which it would change is not there, or the
/// one to which it refers, or that its employee ID has an owner. That may be a row before it: so an
/// import which has changed nothing tells nothing of owners.
void fail_row(const ImportFile& file, ImportedRow& row, const std::string& pointer) {
    refuse(row, 200);
    if (row.fate == Fate::changed && pointer == "/origin") row.write.status = not_found;
    row.lacks_parent = row.write.parent != no_record && pointer == "/parent";
    const bool claims = row.write.value.employee_id() != 0 && row.write.record != no_record;
    const bool may_tell = !file.is_all && !file.is_trial;
    if (claims && may_tell && pointer == "/employee_id") row.write.status = taken;
}

/// The rows that the answer names, by their lines.
std::map<std::size_t, std::string> failed_in(const ImportFile& file, const Json& answer) {
    std::map<std::size_t, std::string> failed;
    for (const auto& error : answer["errors"].elements()) {
        const std::size_t line = number_in(error, "line");
        if (line < file.line_of(0) || line >= file.line_of(file.rows.size())) continue;
        failed.emplace(line - file.line_of(0), error["pointer"].text());
    }
    return failed;
}

/// Which count is not what the rows make of it. `may_fail`: more rows than are named.
std::string check_counts(const ImportFile& file, const Json& answer,
                         const std::map<std::size_t, std::string>& failed) {
    const auto rows = file.rows.size();
    const std::array counts = {number_in(answer, "created"), number_in(answer, "changed"),
                               number_in(answer, "skipped"), number_in(answer, "failed")};
    if (file.is_all && counts[3] > 0) {
        return counts[0] + counts[1] + counts[2] == 0 ? "" : "counts of an import of nothing";
    }
    if (counts[0] + counts[1] + counts[2] + counts[3] != rows) return "not the count of all rows";
    if (answer["errors"].size() >= most_errors) return {};
    if (counts[3] != failed.size()) return "rows failed that are not named";
    std::array<std::size_t, 3> expected{};
    bool is_certain = true;
    for (std::size_t i = 0; i < rows; ++i) {
        if (failed.contains(i)) continue;
        const auto fate = static_cast<std::size_t>(file.rows[i].fate);
        if (file.rows[i].fate == Fate::refused) return "a row was taken that must fail";
        if (fate < expected.size()) {
            ++expected[fate];
        } else {
            is_certain = false;
        }
    }
    const bool fits = !is_certain || std::ranges::equal(expected, std::span(counts).first(3));
    return fits ? "" : "counts that the rows do not make";
}

std::string take_counts(ImportFile& file, const test::Response& response) {
    const auto answer = Json::parse(response.body);
    if (!answer.contains("created")) return "no counts: " + response.body;
    const auto failed = failed_in(file, answer);
    const auto wrong = check_counts(file, answer, failed);
    if (!wrong.empty()) return wrong + ": " + response.body.substr(0, 500);
    const bool is_of_nothing = file.is_trial || (file.is_all && number_in(answer, "failed") > 0);
    const bool names_all = answer["errors"].size() < most_errors;
    const bool skips_none = number_in(answer, "skipped") == 0;
    for (std::size_t i = 0; i < file.rows.size(); ++i) {
        auto& row = file.rows[i];
        const auto failure = failed.find(i);
        if (failure != failed.end()) {
            fail_row(file, row, failure->second);
        } else if (is_of_nothing || row.fate == Fate::skipped || row.fate == Fate::refused) {
            refuse(row, 200);
        } else if (names_all && (row.fate != Fate::known || skips_none)) {
            row.write.outcome = Outcome::ok;
        }
    }
    return {};
}

}  // namespace

std::string ImportFile::path() const {
    std::string path =
        "/" + std::string(coherence::name_of(resource)) + "?on_conflict=" + name_of(on_conflict);
    if (is_by_employee_id) path += "&key=employee_id";
    if (is_all) path += "&all=true";
    if (is_trial) path += "&dry_run=true";
    return path;
}

std::string ImportFile::content_type() const {
    return std::string("Content-Type: ") + (is_csv ? "text/csv" : "application/x-ndjson");
}

std::vector<std::string> ImportFile::lines() const {
    std::vector<std::string> lines;
    if (!is_csv) {
        for (const auto& row : rows) lines.push_back(to_document(row.members) + '\n');
        return lines;
    }
    std::vector<std::string> names;
    for (const auto& row : rows) {
        for (const auto& [name, json] : row.members) {
            if (std::ranges::find(names, name) == names.end()) names.push_back(name);
        }
    }
    lines.push_back(join(names));
    for (const auto& row : rows) {
        std::vector<std::string> cells;
        for (const auto& name : names) cells.push_back(cell_of(row.members, name));
        lines.push_back(join(cells));
    }
    return lines;
}

std::string take_answer(ImportFile& file, const test::Response& response) {
    for (auto& row : file.rows) row.write.status = response.status;
    if (response.status == 200) return take_counts(file, response);
    if (response.status == 0 || response.status >= 500) {
        if (response.body.contains("Nothing was imported.")) refuse_all(file);
        return {};
    }
    refuse_all(file);
    return "unexpected status " + std::to_string(response.status) + ' ' + response.body;
}

void take_cut(ImportFile& file, std::size_t sent) {
    for (std::size_t i = 0; i < file.rows.size(); ++i) {
        const bool may_be_taken = i < sent && !file.is_all && !file.is_trial;
        if (!may_be_taken) refuse(file.rows[i], 0);
    }
}

}  // namespace larder::coherence
