// README.md: every command in it, and every link.
#define BOOST_TEST_MODULE readme
#include <fstream>
#include <regex>
#include <sstream>

#include "fixture.hpp"

using namespace larder::test;
namespace fs = std::filesystem;

namespace {

std::string text_of(const fs::path& path) {
    std::ifstream file(source_directory() / path);
    BOOST_REQUIRE_MESSAGE(file.good(), path);
    return {std::istreambuf_iterator<char>(file), {}};
}

/// The commands under a heading, without comments.
std::vector<std::string> commands_of(const std::string& heading) {
    std::vector<std::string> commands;
    std::istringstream lines(text_of("README.md"));
    bool is_here = false;
    bool is_shell = false;
    for (std::string line; std::getline(lines, line);) {
        if (line.starts_with("## ")) is_here = line == "## " + heading;
        if (line.starts_with("```")) is_shell = line == "```sh";
        if (!is_here || !is_shell || line.empty() || line.front() == '#') continue;
        if (line.starts_with("```")) continue;
        commands.push_back(std::regex_replace(line, std::regex(" +#.*"), ""));
    }
    BOOST_TEST(!commands.empty(), heading << " has no commands");
    return commands;
}

/// What a command of curl is answered: the status and, where there is one, X-Cache.
std::string answer_to(const std::string& command) {
    const auto here = std::regex_replace(command, std::regex("http://127.0.0.1:8080"),
                                         stack().status().at("url"));
    const auto finished =
        run({"sh", "-c", here + " -s -o /dev/null -w '%{http_code} %header{x-cache}'"});
    BOOST_TEST(finished.status == 0, command << ": " << finished.output);
    return finished.output;
}

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(SharedStack);

BOOST_AUTO_TEST_CASE(the_tour_is_as_it_says) {
    const std::vector<std::string> expected = {
        "200 MISS", "200 HIT",              // a record
        "200 MISS", "200 ",    "200 MISS",  // a list
        "200 MISS",                         // a page
        "409 ",                             // a duplicate
        "201 ",                             // an item
        "201 ",     "201 ",                 // the same twice, by a key
        "201 ",                             // several
        "200 ",                             // every cache
    };
    std::vector<std::string> answers;
    for (const auto& command : commands_of("A tour")) answers.push_back(answer_to(command));
    BOOST_TEST(answers == expected, boost::test_tools::per_element());
}

// Those that take a machine of their own are run there, word for word.
BOOST_AUTO_TEST_CASE(every_other_command_is_run_by_a_test) {
    const auto fresh = text_of("tests/fresh/inside");
    for (const auto& command : commands_of("Two commands")) {
        BOOST_TEST(fresh.contains(command), command << " is not run by make test-fresh");
    }
    // It runs what the package prints.
    const auto package = text_of("tests/package/inside_systemd") + text_of("debian/postinst");
    for (const auto& command : commands_of("Deploying it")) {
        BOOST_TEST(package.contains(command), command << " is not run by make test-package");
    }
}

BOOST_AUTO_TEST_CASE(links_lead_somewhere) {
    for (const auto* page :
         {"README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "PERFORMANCE.md", "docs/access.md",
          "docs/bulk.md", "docs/deploying.md", "docs/monitoring.md"}) {
        const auto text = text_of(page);
        const std::regex link(R"(\]\(([^)#:]+)(#[^)]*)?\))");
        for (std::sregex_iterator at(text.begin(), text.end(), link), end; at != end; ++at) {
            const auto target = (source_directory() / page).parent_path() / (*at)[1].str();
            BOOST_TEST(fs::exists(target), page << " leads to " << (*at)[1].str());
        }
    }
}
