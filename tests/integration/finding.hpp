#pragma once

#include <filesystem>
#include <fstream>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "fixture.hpp"
#include "support/temporary_directory.hpp"

/// Lists with queries: what the tests of them share.
namespace larder::test::finding {

using Texts = std::map<std::string, std::string>;

/// Descriptions in a directory of their own, beside those of the project.
class Descriptions {
public:
    explicit Descriptions(const Texts& texts) : directory_(temporary_directory("larder-finding")) {
        const auto options = std::filesystem::copy_options::recursive;
        std::filesystem::copy(source_directory() / "resources", directory_, options);
        for (const auto& [name, text] : texts) {
            std::ofstream(directory_ / (name + ".toml")) << text;
        }
    }
    ~Descriptions() { std::filesystem::remove_all(directory_); }
    Descriptions(const Descriptions&) = delete;
    Descriptions& operator=(const Descriptions&) = delete;

    [[nodiscard]] std::string directory() const { return directory_; }

private:
    std::filesystem::path directory_;
};

inline std::string encoded(std::string_view text) {
    constexpr std::string_view hex = "0123456789ABCDEF";
    std::string out;
    for (const char c : text) {
        const auto byte = static_cast<unsigned char>(c);
        if (std::isalnum(byte) != 0) {
            out += c;
        } else {
            out += {'%', hex[byte >> 4U], hex[byte & 15U]};
        }
    }
    return out;
}

/// Where `Link` leads to; "" if there is none.
inline std::string next_of(const Response& response) {
    const std::string link = response.header("Link");
    if (link.empty()) return {};
    BOOST_TEST(link.starts_with("</"));
    BOOST_TEST(link.ends_with(">; rel=\"next\""));
    return link.substr(1, link.find('>') - 1);
}

/// The ids of a list, in order.
inline std::vector<std::string> ids_of(const Response& response) {
    BOOST_TEST(response.status == 200, response.body.substr(0, 400));
    const auto body = Json::parse(response.body);
    std::vector<std::string> ids;
    for (const auto& record : (body.contains("items") ? body["items"] : body).elements()) {
        ids.push_back(record["id"].text());
    }
    return ids;
}

using Pages = std::vector<std::vector<std::string>>;

/// The ids of each page from `path` on.
inline Pages pages_from(std::string path, const Client& client = api()) {
    Pages pages;
    while (!path.empty() && pages.size() < 10000) {
        const auto page = client.get(path);
        pages.push_back(ids_of(page));
        path = next_of(page);
    }
    return pages;
}

inline std::vector<std::string> joined(const Pages& pages) {
    std::vector<std::string> all;
    for (const auto& page : pages) all.insert(all.end(), page.begin(), page.end());
    return all;
}

}  // namespace larder::test::finding
