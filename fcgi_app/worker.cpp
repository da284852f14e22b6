// larder-worker: wiring and signals, no logic.

#include <fcgiapp.h>
#include <fmt/format.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <thread>

#include "gateway/server.hpp"
#include "observe/log.hpp"
#include "records/caretaker.hpp"
#include "records/larder.hpp"
#include "records/schema.hpp"
#include "settings.hpp"

namespace {

using namespace larder;

constexpr int bad_setup = 1;
constexpr int not_finished = 2;

int refuse(const std::string& why) {
    fmt::print(stderr, "larder-worker: {}\n", why);
    return bad_setup;
}

void block_signals() {
    signal(SIGPIPE, SIG_IGN);
    sigset_t signals;
    sigemptyset(&signals);
    for (const int number : {SIGTERM, SIGINT, SIGHUP, SIGUSR1}) sigaddset(&signals, number);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

void raise_file_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

void print_lists(const std::vector<Resource>& resources) {
    for (const Resource& resource : resources) {
        for (const List& list : resource.lists) {
            fmt::print("/{}{}{} {} {}\n", resource.name, list.path.empty() ? "" : "/", list.path,
                       resource.name, resource.is_wrapped() ? "flagged" : "plain");
        }
    }
}

int serve(Larder& shared, const std::vector<Resource>& resources) {
    int listening = 0;
    socklen_t size = sizeof(listening);
    if (getsockopt(STDIN_FILENO, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 || !listening) {
        return refuse(
            "standard input is not a listening socket; start it with spawn-fcgi or"
            " systemd (see README.md)");
    }
    raise_file_limit();
    FCGX_Init();
    block_signals();  // after FCGX_Init, which installs handlers of its own
    const std::jthread caretaker([&](const std::stop_token& stop) { take_care(stop, shared); });
    Server server(STDIN_FILENO, shared, resources);
    log_info("started", {{"version", LARDER_VERSION}});
    if (server.run()) return EXIT_SUCCESS;
    log_error("not_finished");
    std::fflush(nullptr);
    _exit(not_finished);  // a store thread is stuck; joining it would wait for it
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app(
        "Larder's FastCGI worker. Serves on the listening socket that is its standard input.");
    bool check = false;
    bool lists = false;
    bool table = false;
    app.set_version_flag("--version", LARDER_VERSION);
    app.add_flag("--check", check, "Check settings and database schema, then exit");
    app.add_flag("--print-lists", lists, "Print the lists, for nginx's configuration, then exit");
    app.add_flag("--print-settings", table, "Print all settings as a Markdown table, then exit");
    CLI11_PARSE(app, argc, argv);

    const auto resources = all_resources();
    if (lists) {
        print_lists(resources);
        return EXIT_SUCCESS;
    }
    if (table) {
        fmt::print("{}", settings_as_markdown());
        return EXIT_SUCCESS;
    }
    const auto settings = load_settings(std::getenv);
    if (!settings) return refuse(settings.error());
    start_log("larder-worker", settings->debug);
    set_connection_defaults(*settings, "larder-worker");
    const auto schema = check_schema(*settings, resources);
    if (check || schema.state == SchemaState::behind) {
        fmt::print(stderr, "larder-worker: {}\n", schema.text);
        return schema.state == SchemaState::current ? EXIT_SUCCESS : bad_setup;
    }
    if (schema.state == SchemaState::unknown) log_error("no_database", {{"error", schema.text}});
    auto memory = open_shared_memory(settings->run_dir);
    if (!memory) return refuse(memory.error());
    Larder shared(*settings, resources, **memory);
    if (const auto prepared = shared.generations.prepare(); !prepared) {
        return refuse(prepared.error());
    }
    return serve(shared, resources);
}
