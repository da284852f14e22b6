#include <CLI/CLI.hpp>

#include <algorithm>
#include <iostream>
#include <random>

#include "faults.hpp"
#include "run.hpp"
#include "visibility.hpp"

namespace {

using namespace larder::coherence;

/// Fills in "all" and "none"; throws CLI::ValidationError at an unknown name.
std::vector<std::string> expand(const std::vector<std::string>& names) {
    const auto known = fault_names();
    if (names == std::vector<std::string>{"all"}) return known;
    if (names == std::vector<std::string>{"none"}) return {};
    for (const auto& name : names) {
        if (std::ranges::find(known, name) == known.end()) {
            throw CLI::ValidationError("--faults",
                                       name + " is none of: " + CLI::detail::join(known));
        }
    }
    return names;
}

int succeed_if_none(std::size_t violations) { return violations == 0 ? 0 : 1; }

}  // namespace

int main(int argc, char** argv) {
    CLI::App app{
        "Checks that no answer of a stack is ever stale, while faults strike. Starts a stack of "
        "its own. Exit status 1: a violation was found; 2: the check could not be made."};
    RunOptions run_options;
    VisibilityOptions visibility_options;
    std::vector<std::string> faults = {"none"};
    std::uint64_t seed = std::random_device()();
    app.add_option("--seconds", run_options.seconds, "how long clients and faults run");
    app.add_option("--threads", run_options.threads, "clients at the same time");
    app.add_option("--importers", run_options.importers, "clients beside them that send imports");
    app.add_option("--rude", run_options.rude,
                   "rude clients all the time, beside those of the fault of this name");
    app.add_option("--seed", seed, "of the schedule of faults and of the clients");
    app.add_option("--faults", faults, "all, none, or a list: " + CLI::detail::join(fault_names()))
        ->delimiter(',');
    app.add_flag("--until-violation", run_options.until_violation, "end at the first violation");
    app.fallthrough();
    auto* visibility = app.add_subcommand(
        "visibility", "measures how soon a change made with SQL shows, idle and under load");
    visibility->add_option("--edits", visibility_options.edits,
                           "how many, idle and under load each");
    visibility->add_option("--rate", visibility_options.rate, "requests a second of the load");
    ExactlyOnceOptions once_options;
    auto* exactly_once = app.add_subcommand(
        "exactly-once", "sends POSTs with keys, each until it is answered, and counts the records");
    exactly_once->add_option("--posts", once_options.posts, "how many");
    exactly_once->add_option("--clients", once_options.threads, "clients at the same time");
    try {
        app.parse(argc, argv);
        run_options.faults = once_options.faults = expand(faults);
        run_options.seed = visibility_options.seed = once_options.seed = seed;
        if (*exactly_once) return succeed_if_none(run_exactly_once(once_options));
        return succeed_if_none(*visibility ? measure_visibility(visibility_options)
                                           : run(run_options));
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? 0 : 2;
    } catch (const std::exception& error) {
        std::cerr << "larder-coherence: " << error.what() << '\n';
        return 2;
    }
}
