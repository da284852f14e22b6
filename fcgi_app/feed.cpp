// larder-feed: wiring and signals, no logic.

#include <fmt/format.h>
#include <sys/signalfd.h>
#include <CLI/CLI.hpp>

#include <cerrno>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <cstring>

#include "feed/feed.hpp"
#include "observe/log.hpp"
#include "records/larder.hpp"
#include "records/schema.hpp"
#include "settings.hpp"

namespace {

using namespace larder;

int refuse(const std::string& why) {
    fmt::print(stderr, "larder-feed: {}\n", why);
    return EXIT_FAILURE;
}

/// A descriptor that is readable once the process shall end.
int watch_for_stop() {
    std::signal(SIGPIPE, SIG_IGN);
    sigset_t signals;
    sigemptyset(&signals);
    for (const int number : {SIGTERM, SIGINT, SIGHUP}) sigaddset(&signals, number);
    sigprocmask(SIG_BLOCK, &signals, nullptr);
    return signalfd(-1, &signals, SFD_CLOEXEC);
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app(
        "Larder's feed. Follows PostgreSQL's log, so that the caches of this host learn of what was"
        " written past its workers. Takes the settings of larder-worker.");
    app.set_version_flag("--version", LARDER_VERSION);
    CLI11_PARSE(app, argc, argv);

    const auto settings = load_settings(std::getenv);
    if (!settings) return refuse(settings.error());
    start_log("larder-feed", settings->debug);
    set_connection_defaults(*settings, "larder-feed");
    auto memory = open_shared_memory(settings->run_dir);
    if (!memory) return refuse(memory.error());
    const auto resources = all_resources();
    Larder shared(*settings, resources, **memory);
    if (const auto prepared = shared.generations.prepare(); !prepared) {
        return refuse(prepared.error());
    }
    const int stop = watch_for_stop();
    if (stop < 0) return refuse(fmt::format("cannot watch for signals: {}", std::strerror(errno)));
    log_info("started", {{"version", LARDER_VERSION}});
    Feed(shared, resources, stop).run();
    return EXIT_SUCCESS;
}
