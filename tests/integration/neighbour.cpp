#include "neighbour.hpp"

#include <unistd.h>

#include <set>
#include <stdexcept>

#include "fixture.hpp"

namespace larder::test {

namespace fs = std::filesystem;

Neighbour::Neighbour(const std::string& name) : directory_(stack().directory() / name) {
    if (geteuid() == 0) {
        directory_ = stack().directory() / "stack" / name;
    }
    run({"mkdir", "-m", "0700", directory_.string()});
}

Neighbour::~Neighbour() {
    if (!end_.empty()) (void)try_to_run(end_);
}

void Neighbour::run(const std::vector<std::string>& arguments) const {
    const auto finished = try_to_run(arguments);
    if (finished.status != 0) {
        throw std::runtime_error(arguments.front() + ": " + finished.output);
    }
}

Finished Neighbour::try_to_run(std::vector<std::string> arguments) const {
    if (geteuid() == 0) {
        const std::vector<std::string> as_account = {"setpriv", "--reuid=www-data",
                                                     "--regid=www-data", "--init-groups", "--"};
        arguments.insert(arguments.begin(), as_account.begin(), as_account.end());
    }
    return larder::test::run(arguments);
}

std::string postgresql_program(const std::string& name) {
    std::set<fs::path> versions;
    for (const auto& version : fs::directory_iterator("/usr/lib/postgresql")) {
        if (fs::exists(version.path() / "bin" / name)) versions.insert(version.path());
    }
    if (versions.empty()) throw std::runtime_error("there is no " + name);
    return (*versions.rbegin() / "bin" / name).string();
}

}  // namespace larder::test
