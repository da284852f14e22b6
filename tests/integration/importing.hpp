#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <system_error>
#include <vector>

#include "invoicing.hpp"

/// Imports at the prompt.
namespace larder::test::importing {

namespace fs = std::filesystem;

/// Files for imports, which the account of the stack may read.
class Files {
public:
    Files() : directory_(temporary_directory("larder-import")) {}
    ~Files() {
        std::error_code ignored;
        fs::remove_all(directory_, ignored);
    }
    Files(const Files&) = delete;
    Files& operator=(const Files&) = delete;

    std::string write(const std::string& name, const std::string& text) const {
        const auto path = directory_ / name;
        std::ofstream(path, std::ios::binary) << text;
        return path;
    }
    std::string path(const std::string& name) const { return directory_ / name; }
    std::string read(const std::string& name) const {
        std::ifstream file(directory_ / name, std::ios::binary);
        return {std::istreambuf_iterator<char>(file), {}};
    }

private:
    fs::path directory_;
};

inline const Files& files() {
    static const Files all;
    return all;
}

using Options = std::vector<std::string>;

inline Finished import(const std::string& resource, const std::string& file,
                       const Options& options = {}) {
    std::vector<std::string> arguments = {"import", resource, file};
    arguments.insert(arguments.end(), options.begin(), options.end());
    return stack().script(std::move(arguments));
}

/// The last line, which says what has become of the rows.
inline std::string counts_in(const Finished& finished) {
    const auto lines = lines_in(finished.output);
    return lines.empty() ? std::string() : lines.back();
}

inline void expect(const Finished& finished, int status, std::string_view counts) {
    BOOST_TEST(finished.status == status, finished.output);
    BOOST_TEST(counts_in(finished) == counts, finished.output);
}

inline std::string csv(const std::string& text) { return files().write("rows.csv", text); }
inline std::string ndjson(const std::string& text) { return files().write("rows.ndjson", text); }

inline std::string customers_of(const std::string& prefix) {
    return stack().database().value("SELECT count(*) FROM public.customers WHERE name LIKE $1",
                                    {prefix + "%"});
}

/// A file of so many customers.
inline std::string many_customers(const std::string& prefix, int rows) {
    std::string text = "name,email\n";
    for (int i = 0; i < rows; ++i) {
        const auto number = std::to_string(i);
        text += prefix + number + ',' + prefix + number + "@example.org\n";
    }
    return text;
}

}  // namespace larder::test::importing
