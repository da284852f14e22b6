#include "catalog/catalog.hpp"

#include <dirent.h>
#include <fmt/format.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstring>
#include <iterator>
#include <map>
#include <memory>
#include <utility>

#include "catalog/description.hpp"
#include "catalog/names.hpp"
#include "catalog/references.hpp"
#include "file.hpp"

namespace larder {

namespace {

constexpr std::string_view ending = ".toml";

Mistake of_file(std::string path, std::string text) {
    return {.file = std::move(path), .at = {.line = 0, .column = 0}, .text = std::move(text)};
}

/// The names of the descriptions, sorted, or why there are none.
std::expected<std::vector<std::string>, std::string> files_of(const std::string& directory) {
    const std::unique_ptr<DIR, int (*)(DIR*)> entries(opendir(directory.c_str()), closedir);
    if (!entries) {
        return std::unexpected(fmt::format(
            "cannot be read: {}; set RESOURCES_DIR to the directory of the resource descriptions",
            std::strerror(errno)));
    }
    std::vector<std::string> names;
    while (const dirent* entry = readdir(entries.get())) {
        const std::string_view name = entry->d_name;
        if (!name.starts_with('.') && name.ends_with(ending)) names.emplace_back(name);
    }
    if (names.empty()) {
        return std::unexpected(
            "has no resource description; add a file such as invoices.toml, or"
            " set RESOURCES_DIR to another directory");
    }
    std::ranges::sort(names);
    return names;
}

/// The text of a file, or why it cannot be read. It may be a pipe or a device: nothing waits.
std::expected<std::string, std::string> text_of(const std::string& path) {
    const File file(path, O_RDONLY | O_NONBLOCK);
    struct stat status{};
    if (!file.is_open() || fstat(file.descriptor(), &status) != 0) {
        const bool is_dangling = errno == ENOENT;
        return std::unexpected(
            is_dangling ? std::string("is a symbolic link that leads nowhere; mend or remove it")
                        : fmt::format("cannot be read: {}; let Larder's account read it",
                                      std::strerror(errno)));
    }
    if (!S_ISREG(status.st_mode)) {
        return std::unexpected<std::string>("is no regular file; a description is a text file");
    }
    std::string text;
    std::string chunk(65536, '\0');
    for (;;) {
        const ssize_t count = read(file.descriptor(), chunk.data(), chunk.size());
        if (count < 0 && errno == EINTR) continue;
        if (count < 0) {
            return std::unexpected(fmt::format("cannot be read: {}", std::strerror(errno)));
        }
        if (count == 0) return text;
        text.append(chunk, 0, static_cast<std::size_t>(count));
        if (text.size() > largest_description) {
            return std::unexpected(fmt::format("has over {} bytes; a description is one resource",
                                               largest_description));
        }
    }
}

/// Reads descriptions one after the other and compares them with those before.
class Catalog {
public:
    void read(const std::string& directory, const std::string& file) {
        const std::string path = directory + '/' + file;
        const std::string name = file.substr(0, file.size() - ending.size());
        if (const auto why = misnamed_resource(name); !why.empty()) {
            mistakes_.push_back(
                of_file(directory + '/' + shown_file(file), "the name of a resource " + why));
        }
        const auto text = text_of(path);
        if (!text) {
            unread_.push_back(name);
            return mistakes_.push_back(of_file(path, text.error()));
        }
        auto description = read_description(name, *text);
        if (!description) {
            unread_.push_back(name);
            for (Mistake& mistake : description.error()) {
                mistake.file = directory + '/' + shown_file(file);
                mistakes_.push_back(std::move(mistake));
            }
            return;
        }
        compare(path, *description);
        described_.push_back({path, std::move(*description)});
    }

    std::expected<std::vector<Resource>, std::vector<Mistake>> result() {
        std::ranges::move(resolve_references(described_, unread_), std::back_inserter(mistakes_));
        if (mistakes_.empty()) {
            std::vector<Resource> resources;
            resources.reserve(described_.size());
            for (Described& one : described_) {
                resources.push_back(std::move(one.description.resource));
            }
            return resources;
        }
        sort_mistakes(mistakes_);
        return std::unexpected(std::move(mistakes_));
    }

private:
    // A file name may hold anything but a slash and NUL.
    static std::string shown_file(const std::string& file) {
        std::string name = file;
        std::ranges::replace_if(name, [](unsigned char c) { return c < 0x20 || c == 0x7F; }, '?');
        return name;
    }

    /// Titles and lists become names in the OpenAPI document, where each stands once.
    void compare(const std::string& path, const Description& description) {
        const Resource& resource = description.resource;
        const std::string title = joined(resource.title);
        for (const std::string& schema : {title, "New" + title, title + "Change"}) {
            const bool is_free =
                claim(schemas_, schema, path, description.title,
                      fmt::format("the title {} gives the name {} in the OpenAPI document",
                                  shown(resource.title), schema));
            if (!is_free) break;
        }
        claim(tables_, resource.sql_table(), path, description.table,
              fmt::format("the resource has the table {}", resource.sql_table()));
        claim(tags_, joined(resource.name), path, {.line = 0, .column = 0},
              fmt::format("the resource gives the name {} in the OpenAPI document",
                          joined(resource.name)));
        for (const List& list : resource.lists) {
            const auto at = description.lists.find(list.path);
            const std::string id = joined(resource.name) + joined(list.path);
            claim(lists_, id, path,
                  at == description.lists.end() ? Position{.line = 0, .column = 0} : at->second,
                  fmt::format("the list gives the name list{} in the OpenAPI document", id));
        }
    }

    using Names = std::map<std::string, std::string>;  // and the file that has taken it

    bool claim(Names& names, const std::string& name, const std::string& path, Position at,
               std::string what) {
        const auto [taken, is_free] = names.emplace(name, path);
        if (is_free) return true;
        mistakes_.push_back({path, at,
                             fmt::format("{}, which {} has taken; choose another", what,
                                         taken->second == path ? "this file" : taken->second)});
        return false;
    }

    std::vector<Described> described_;
    std::vector<std::string> unread_;  // resources whose files have mistakes of their own
    std::vector<Mistake> mistakes_;
    Names schemas_ = {{"Health", "Larder itself"}, {"Problem", "Larder itself"}};
    Names tags_ = {{"Service", "Larder itself"}, {"Documentation", "Larder itself"}};
    Names lists_;
    Names tables_;  // caches of one resource know nothing of another
};

}  // namespace

std::expected<std::vector<Resource>, std::vector<Mistake>> read_catalog(
    const std::string& directory) {
    const auto files = files_of(directory);
    if (!files) return std::unexpected(std::vector{of_file(directory, files.error())});
    Catalog catalog;
    for (const std::string& file : *files) catalog.read(directory, file);
    return catalog.result();
}

}  // namespace larder
