#include "admin/adopt_files.hpp"

#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <filesystem>
#include <iterator>
#include <string_view>
#include <system_error>
#include <utility>

#include "catalog/catalog.hpp"
#include "catalog/names.hpp"
#include "file.hpp"

namespace larder::admin {

namespace {

std::string full_name(const TableName& table) {
    return table.schema == "public" ? table.name : table.schema + '.' + table.name;
}

/// The tables that one word names.
std::vector<TableName> named(std::span<const TableName> all, std::string_view word) {
    std::vector<TableName> found;
    const auto take_if = [&](auto is_meant) {
        if (!found.empty()) return;
        std::ranges::copy_if(all, std::back_inserter(found), is_meant);
    };
    take_if([&](const TableName& one) { return one.schema == "public" && one.name == word; });
    take_if([&](const TableName& one) {
        return word == fmt::format("{}.{}", one.schema, one.name) || word == one.schema + ".*";
    });
    if (!found.empty()) return found;
    take_if([&](const TableName& one) { return one.name == word; });
    if (found.size() > 1) found.clear();
    return found;
}

std::string unknown(std::span<const TableName> all, const std::string& word) {
    std::vector<std::string> names;
    for (const TableName& one : all) names.push_back(full_name(one));
    const std::vector<std::string_view> views(names.begin(), names.end());
    const auto meant = nearest(word, views);
    const auto count = std::ranges::count(all, word, &TableName::name);
    if (count > 1) {
        return fmt::format("{} schemas have a table {}; write the schema too, such as {}", count,
                           shown(word), full_name(*std::ranges::find(all, word, &TableName::name)));
    }
    return fmt::format("the database has no table {}{}", shown(word),
                       meant.empty() ? "; write its name as psql's \\d shows it, with no quotes"
                                     : fmt::format("; did you mean {}?", shown(meant)));
}

bool write_whole(const std::string& path, std::string_view text) {
    const File file(path, O_WRONLY | O_CREAT | O_TRUNC);
    if (!file.is_open() || fchmod(file.descriptor(), 0644) != 0) return false;
    while (!text.empty()) {
        const ssize_t count = write(file.descriptor(), text.data(), text.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) return false;
        text.remove_prefix(static_cast<std::size_t>(count));
    }
    return fsync(file.descriptor()) == 0;
}

/// Files that are removed again unless they are kept.
class NewFiles {
public:
    ~NewFiles() {
        for (const std::string& path : paths_) unlink(path.c_str());
    }
    void add(std::string path) { paths_.push_back(std::move(path)); }
    void keep() { paths_.clear(); }

private:
    std::vector<std::string> paths_;
};

}  // namespace

std::expected<std::vector<TableName>, std::vector<std::string>> chosen_tables(
    std::span<const TableName> all, std::span<const std::string> words) {
    std::vector<TableName> chosen;
    std::vector<std::string> mistakes;
    for (const std::string& word : words) {
        const auto found = named(all, word);
        if (found.empty()) mistakes.push_back(unknown(all, word));
        for (const TableName& one : found) {
            if (std::ranges::find(chosen, one) == chosen.end()) chosen.push_back(one);
        }
    }
    if (!mistakes.empty()) return std::unexpected(std::move(mistakes));
    return chosen;
}

std::vector<TableName> undescribed(std::span<const TableName> all,
                                   std::span<const Resource> described) {
    std::vector<TableName> found;
    std::ranges::copy_if(all, std::back_inserter(found), [&](const TableName& table) {
        return std::ranges::none_of(described, [&](const Resource& one) {
            return one.schema == table.schema && one.table_name() == table.name;
        });
    });
    return found;
}

std::expected<std::vector<Resource>, std::vector<Mistake>> described_so_far(
    const std::string& directory) {
    std::error_code failure;
    const std::filesystem::directory_iterator files(directory, failure);
    const bool is_empty = failure ? failure == std::errc::no_such_file_or_directory
                                  : std::ranges::none_of(files, [](const auto& file) {
                                        return file.path().filename().string().ends_with(".toml");
                                    });
    if (is_empty) return std::vector<Resource>{};
    return read_catalog(directory);
}

// A link fails where the name is taken, so that no file of the operator's is lost, and none is seen
// in part.
std::expected<void, std::string> write_descriptions(std::span<const Adopted> descriptions,
                                                    const std::string& directory) {
    NewFiles drafts;
    NewFiles files;
    for (const Adopted& one : descriptions) {
        const std::string draft = fmt::format("{}/.{}.toml.new", directory, one.name);
        drafts.add(draft);
        if (!write_whole(draft, one.text)) return std::unexpected(file_failure(draft));
    }
    for (const Adopted& one : descriptions) {
        const std::string draft = fmt::format("{}/.{}.toml.new", directory, one.name);
        const std::string path = fmt::format("{}/{}.toml", directory, one.name);
        if (link(draft.c_str(), path.c_str()) != 0) {
            return std::unexpected(errno == EEXIST
                                       ? fmt::format("{} is there already; remove it, or write to"
                                                     " another directory",
                                                     path)
                                       : file_failure(path));
        }
        files.add(path);
    }
    files.keep();
    return {};
}

std::vector<std::string> notes_on(const Adoption& adoption, const std::string& role) {
    std::vector<std::string> notes;
    notes.reserve(adoption.refused.size());
    for (const Unadopted& one : adoption.refused) {
        notes.push_back(fmt::format("the table {} {}", one.table, one.why));
    }
    const bool is_foreign = std::ranges::any_of(adoption.adopted, [](const Adopted& one) {
        return !one.is_own && !one.statements.empty();
    });
    if (is_foreign) {
        notes.push_back(
            fmt::format("statements with * are for the owner of the table, or for {} once"
                        " it owns the table (ALTER TABLE … OWNER TO {}); it also needs"
                        " SELECT, INSERT, UPDATE and DELETE on it",
                        role, quoted_identifier(role)));
    }
    for (const Adopted& one : adoption.adopted) {
        for (const std::string& statement : one.statements) {
            notes.push_back(fmt::format("to do{}: {};", one.is_own ? "" : " *", statement));
        }
    }
    return notes;
}

}  // namespace larder::admin
