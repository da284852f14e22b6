#include "catalog/catalog.hpp"

#include <boost/test/unit_test.hpp>

#include <sys/stat.h>
#include <unistd.h>

#include <filesystem>
#include <fstream>
#include <set>
#include <string>

#include "api/operation.hpp"
#include "catalog/names.hpp"
#include "descriptions_directory.hpp"
#include "http/target.hpp"

using namespace larder;

namespace {

namespace fs = std::filesystem;

struct Directory : DescriptionsDirectory {
    void write(const std::string& file, const std::string& text) const {
        std::ofstream(directory.path() / file) << text;
    }
    void refused(const std::string& file, std::string_view words) const {
        const std::string lines = messages();
        BOOST_TEST(std::ranges::count(lines, '\n') == 1, lines);
        BOOST_TEST(lines.starts_with(path(file) + ": "), lines);
        BOOST_TEST(lines.contains(words), lines);
    }
};

std::string description(const std::string& title) {
    return "title = \"" + title + "\"\nid = \"uuid\"\n";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(catalog)

BOOST_FIXTURE_TEST_CASE(only_descriptions_are_read_in_the_order_of_their_names, Directory) {
    write("b.toml", description("B"));
    write("a.toml", description("A"));
    write("README", "none");
    write(".c.toml.swp", "none");
    write(".d.toml", "none");
    write("e.toml.dpkg-old", "none");
    const auto resources = read_catalog(directory.path());
    BOOST_REQUIRE(resources);
    BOOST_REQUIRE(resources->size() == 2U);
    BOOST_TEST(resources->at(0).name == "a");
    BOOST_TEST(resources->at(1).name == "b");
}

BOOST_FIXTURE_TEST_CASE(a_directory_with_no_description_is_a_mistake, Directory) {
    BOOST_TEST(messages().starts_with(directory.path().string() + ": has no resource description"));
    const auto missing = read_catalog(path("missing"));
    BOOST_REQUIRE(!missing);
    BOOST_TEST(missing.error().at(0).message().contains("RESOURCES_DIR"));
    write("file", "");
    BOOST_TEST(!read_catalog(path("file")));
}

BOOST_FIXTURE_TEST_CASE(a_file_that_is_none_is_a_mistake, Directory) {
    fs::create_directory(path("a.toml"));
    refused("a.toml", "no regular file");
    fs::remove(path("a.toml"));
    fs::create_symlink("nowhere", path("a.toml"));
    refused("a.toml", "leads nowhere");
    fs::remove(path("a.toml"));
    fs::create_symlink("/dev/zero", path("a.toml"));
    refused("a.toml", "no regular file");
    fs::remove(path("a.toml"));
    BOOST_REQUIRE(mkfifo(path("a.toml").c_str(), 0600) == 0);
    refused("a.toml", "no regular file");
    fs::remove(path("a.toml"));
    write("a.toml", "# " + std::string(10'000'000, 'x'));
    refused("a.toml", "over 1048576 bytes");
    if (geteuid() != 0) {
        write("a.toml", description("A"));
        fs::permissions(path("a.toml"), fs::perms::none);
        refused("a.toml", "cannot be read: Permission denied");
    }
}

BOOST_FIXTURE_TEST_CASE(a_link_to_a_description_is_one, Directory) {
    write("a", description("A"));
    fs::create_symlink("a", path("b.toml"));
    BOOST_TEST(messages() == "");
}

BOOST_FIXTURE_TEST_CASE(the_name_of_a_file_has_rules, Directory) {
    for (const std::string name :
         {"user", "Order", "\"; DROP", "7", "a-b", "", "\xc3\xa4", "health"}) {
        BOOST_TEST_CONTEXT(name) {
            write(name + ".toml", description("A"));
            // A name that begins with a dot is hidden.
            if (name.empty()) {
                BOOST_TEST(messages().contains("has no resource description"));
            } else {
                refused(name + ".toml", "the name of a resource");
            }
            fs::remove(path(name + ".toml"));
        }
    }
    write(std::string(41, 'a') + ".toml", description("A"));
    refused(std::string(41, 'a') + ".toml", "at most 40 characters");
}

BOOST_FIXTURE_TEST_CASE(the_mistakes_of_all_files_are_found_in_one_go, Directory) {
    write("a.toml", "title = 1\n");
    write("b.toml", "]");
    write("c.toml", description("C") + "primd = true");
    const std::string lines = messages();
    BOOST_TEST(lines.contains(path("a.toml") + ":1:9: "), lines);
    BOOST_TEST(lines.contains(path("a.toml") + ":1:1: there is no id"), lines);
    BOOST_TEST(lines.contains(path("b.toml") + ":1:1: is not TOML"), lines);
    BOOST_TEST(lines.contains(path("c.toml") + ":3:1: `primd`"), lines);
}

BOOST_FIXTURE_TEST_CASE(a_table_is_that_of_one_resource, Directory) {
    write("a.toml", description("A"));
    write("b.toml", description("B") + "table = \"a\"");
    BOOST_TEST(messages().starts_with(path("b.toml") +
                                      R"(:3:9: the resource has the table public."a", which )" +
                                      path("a.toml")));
    write("b.toml", description("B") + "table = \"a\"\nschema = \"sales\"");
    BOOST_TEST(messages().empty(), messages());
    write("c.toml", description("C") + "schema = \"sales\"\ntable = \"a\"");
    BOOST_TEST(
        messages().starts_with(path("c.toml") + R"(:4:9: the resource has the table "sales"."a")"));
}

BOOST_FIXTURE_TEST_CASE(names_of_the_openapi_document_do_not_clash, Directory) {
    write("a.toml", description("Boat"));
    write("b.toml", description("boat"));
    BOOST_TEST(messages().starts_with(path("b.toml") + ":1:9: the title `boat`"));
    write("b.toml", description("New boat"));
    BOOST_TEST(messages().starts_with(path("b.toml") + ":1:9: the title `New boat`"));
    write("b.toml", description("Problem"));
    BOOST_TEST(messages().contains("which Larder itself has taken"));
    write("b.toml", description("Ship") + "[lists.a-b]\n[lists.a_b]");
    BOOST_TEST(messages().starts_with(path("b.toml") + ":4:8: the list gives the name listBAB"));
    write("b.toml", description("Ship") + "[lists.open]");
    write("b_open.toml", description("Open ship"));
    BOOST_TEST(messages().contains("listBOpen"));
    fs::remove(path("b_open.toml"));
    write("service.toml", description("Repair"));
    BOOST_TEST(messages().contains("gives the name Service"));
}

BOOST_AUTO_TEST_CASE(every_path_of_larders_own_is_reserved) {
    std::set<std::string> paths;
    for (const auto& operation : all_operations({})) {
        const auto segments = http::parse_target(operation->endpoint().path).segments;
        if (segments.empty() || segments[0].contains('.')) continue;
        BOOST_TEST(misnamed_resource(segments[0]).contains("Larder's own"), segments[0]);
        paths.insert(segments[0]);
    }
    BOOST_TEST(paths.size() == reserved_paths.size());
}

BOOST_AUTO_TEST_SUITE_END()
