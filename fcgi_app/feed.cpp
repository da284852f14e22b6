// larder-feed: wiring and signals, no logic.

#include <fmt/format.h>
#include <sys/signalfd.h>
#include <CLI/CLI.hpp>

#include <cerrno>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>
#include <thread>

#include "catalog/catalog.hpp"
#include "feed/feed.hpp"
#include "feed/prerequisites.hpp"
#include "file.hpp"
#include "observe/log.hpp"
#include "program_options.hpp"
#include "records/schema.hpp"
#include "records/services.hpp"
#include "settings.hpp"

namespace {

using namespace larder;

int refuse(const std::string& why) {
    fmt::print(stderr, "larder-feed: {}\n", why);
    return EXIT_FAILURE;
}

/// Takes a moment, because multiwatch starts again at once what has ended.
int after_a_moment(int status) {
    std::this_thread::sleep_for(std::chrono::seconds(1));
    return status;
}

int refuse_to_follow(const std::string& why) { return after_a_moment(refuse(why)); }

/// A descriptor that is readable once the process shall end.
int watch_for_stop() {
    std::signal(SIGPIPE, SIG_IGN);
    sigset_t signals;
    sigemptyset(&signals);
    for (const int number : {SIGTERM, SIGINT, SIGQUIT, SIGHUP}) sigaddset(&signals, number);
    sigprocmask(SIG_BLOCK, &signals, nullptr);
    return signalfd(-1, &signals, SFD_CLOEXEC);
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app(
        "Larder's feed. Follows PostgreSQL's log, so that the caches of this host learn of what was"
        " written past its workers. Takes the settings of larder-worker.");
    bool check = false;
    app.set_version_flag("--version", LARDER_VERSION);
    app.add_flag("--check", check, "Try whether PostgreSQL's log can be followed, then exit");
    add_resources_option(app);
    CLI11_PARSE(app, argc, argv);

    auto settings = load_settings(std::getenv);
    if (!settings) {
        return check ? refuse(settings.error()) : refuse_to_follow(settings.error());
    }
    settings->database_url = settings->direct_database_url;
    const auto catalog = read_catalog(settings->resources_dir);
    if (!catalog) {
        for (const Mistake& mistake : catalog.error()) refuse(mistake.message());
        return check ? EXIT_FAILURE : after_a_moment(EXIT_FAILURE);
    }
    const std::vector<Resource>& resources = *catalog;
    start_log("larder-feed", settings->debug, settings->log_format);
    set_connection_defaults(*settings, "larder-feed");
    if (check) {
        const auto possible = check_feed(*settings, resources);
        if (!possible) return refuse(possible.error());
        fmt::print(stderr, "larder-feed: PostgreSQL's log can be followed\n");
        return EXIT_SUCCESS;
    }
    close_new_files_to_others();
    auto memory = open_shared_memory(settings->run_dir);
    if (!memory) return refuse_to_follow(memory.error());
    const auto counted = MetricsMemory::open(settings->run_dir);
    if (!counted) return refuse_to_follow(counted.error());
    Services shared(*settings, resources, **memory, **counted);
    if (const auto prepared = shared.generations.prepare(); !prepared) {
        return refuse_to_follow(prepared.error());
    }
    if (const auto prepared = shared.access_generation.prepare(); !prepared) {
        return refuse_to_follow(prepared.error());
    }
    const int stop = watch_for_stop();
    if (stop < 0) {
        return refuse_to_follow(fmt::format("cannot watch for signals: {}", std::strerror(errno)));
    }
    log_info("started", {{"version", LARDER_VERSION}});
    Feed(shared, resources, stop).run();
    return EXIT_SUCCESS;
}
