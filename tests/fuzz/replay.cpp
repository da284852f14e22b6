#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <string>
#include <vector>

#include "fuzz/target.hpp"

namespace larder::fuzz {

namespace {

std::map<std::string, Target>& targets() {
    static std::map<std::string, Target> all;
    return all;
}

std::vector<std::filesystem::path> files_in(const std::filesystem::path& directory) {
    std::vector<std::filesystem::path> files;
    for (const auto& entry : std::filesystem::directory_iterator(directory)) {
        files.push_back(entry.path());
    }
    std::ranges::sort(files);
    return files;
}

}  // namespace

Registration::Registration(const char* name, Target target) { targets().emplace(name, target); }

}  // namespace larder::fuzz

/// larder-tests-fuzz TARGET DIRECTORY: calls the target with each file. It names the file first, so
/// that the last name in the output is the one that broke a rule.
int main(int count, char** arguments) {
    using namespace larder::fuzz;
    const std::vector<std::string> words(arguments + 1, arguments + count);
    const auto target = words.size() == 2 ? targets().find(words[0]) : targets().end();
    if (target == targets().end()) {
        std::fprintf(stderr, "usage: larder-tests-fuzz TARGET DIRECTORY\n");
        return 2;
    }
    const auto files = files_in(words[1]);
    for (const auto& file : files) {
        std::printf("%s\n", file.c_str());
        std::fflush(stdout);
        std::ifstream stream(file, std::ios::binary);
        const std::string input{std::istreambuf_iterator<char>(stream), {}};
        target->second(input);
        target->second({});  // no state may be left behind that another input trips over
    }
    if (files.empty()) std::fprintf(stderr, "no file in %s\n", words[1].c_str());
    return files.empty() ? 1 : 0;
}
