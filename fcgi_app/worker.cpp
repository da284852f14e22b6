// larder-worker: wiring and signals, no logic.

#include <fmt/format.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>
#include <CLI/CLI.hpp>

#include <array>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <span>
#include <thread>

#include "access/generation.hpp"
#include "api/description.hpp"
#include "api/scheduler.hpp"
#include "cache/generations.hpp"
#include "catalog/catalog.hpp"
#include "catalog/tags.hpp"
#include "file.hpp"
#include "observe/answer_log.hpp"
#include "observe/log.hpp"
#include "observe/ready.hpp"
#include "program_options.hpp"
#include "records/caretaker.hpp"
#include "records/diagnosis.hpp"
#include "records/epoch.hpp"
#include "records/schema.hpp"
#include "records/services.hpp"
#include "records/write.hpp"
#include "server/loop.hpp"
#include "settings.hpp"
#include "store/service_file.hpp"

namespace {

using namespace larder;

constexpr int bad_setup = 1;
constexpr int not_finished = 2;

int refuse(const std::string& why) {
    fmt::print(stderr, "larder-worker: {}\n", why);
    return bad_setup;
}

int refuse_all(const std::vector<Mistake>& mistakes) {
    for (const Mistake& mistake : mistakes) refuse(mistake.message());
    return bad_setup;
}

int change_hold(const Settings& settings, bool wants_hold) {
    if (!wants_hold) {
        const auto released = release_redis(settings.run_dir);
        return released ? EXIT_SUCCESS : refuse(released.error());
    }
    close_new_files_to_others();
    auto memory = open_shared_memory(settings.run_dir);
    if (!memory) return refuse(memory.error());
    Trust trust(**memory);
    const auto held = hold_redis(settings.run_dir, trust);
    return held ? EXIT_SUCCESS : refuse(held.error());
}

/// Takes a moment, because multiwatch starts again at once what has ended.
int after_a_moment(int status) {
    std::this_thread::sleep_for(std::chrono::seconds(1));
    return status;
}

int refuse_to_serve(const std::string& why) { return after_a_moment(refuse(why)); }

void block_signals() {
    signal(SIGPIPE, SIG_IGN);
    sigset_t signals;
    sigemptyset(&signals);
    for (const int number : stop_signals) sigaddset(&signals, number);
    for (const int number : {SIGHUP, SIGUSR1}) sigaddset(&signals, number);
    pthread_sigmask(SIG_BLOCK, &signals, nullptr);
}

void raise_file_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

// A wakeup is not to interrupt whoever runs (sched(7)): what arrives meanwhile is taken together.
// Who may not have it so is slower, no more. Threads started later take it over.
void prefer_throughput() {
    const sched_param none{};
    sched_setscheduler(0, SCHED_BATCH, &none);
}

/// It has tokens in it: no core dump, and no other process of the account may read it (proc(5)).
void keep_memory_secret() {
    const rlimit none{};
    setrlimit(RLIMIT_CORE, &none);
    prctl(PR_SET_DUMPABLE, 0);
}

void warn_if_open(const Settings& settings) {
    if (settings.auth || is_loopback(settings.api_host)) return;
    log_error(
        "open_to_all",
        {{"listens_on", settings.api_host},
         {"advice", "whoever reaches this address can read and change everything; set AUTH=on"}});
}

/// For commands of a host: whatever workers have concluded about tokens and rights, they conclude
/// anew.
int renew_access(const Settings& settings) {
    close_new_files_to_others();
    if (access::Generation(settings.run_dir).swap()) return EXIT_SUCCESS;
    return refuse(file_failure(settings.run_dir));
}

/// For a restore, which changes every record while no worker serves: no list of before is found.
int renew_lists(const Settings& settings, const std::vector<Resource>& resources) {
    close_new_files_to_others();
    std::vector<std::string> collections;
    for (const Resource& resource : resources) collections.push_back(resource.name);
    if (Generations(settings.run_dir, std::move(collections)).swap_all()) return EXIT_SUCCESS;
    return refuse(file_failure(settings.run_dir));
}

int clear_host(const Settings& settings, const std::vector<Resource>& resources) {
    close_new_files_to_others();
    auto memory = open_shared_memory(settings.run_dir);
    if (!memory) return refuse(memory.error());
    const auto counted = MetricsMemory::open(settings.run_dir);
    if (!counted) return refuse(counted.error());
    Services shared(settings, resources, **memory, **counted);
    Backend backend(shared);
    const auto cleared = clear_caches(backend);
    return cleared ? EXIT_SUCCESS : refuse(cleared.error().detail);
}

/// The fields by whose values the lists of a collection have tags, with commas; `-`: none.
std::string tagged_fields(const Resource& resource, const List& list) {
    std::string names;
    for (const TagSource& source : tag_sources(resource)) {
        if (source.field == nullptr || !list.path.empty()) continue;
        names.append(names.empty() ? "" : ",").append(source.field->name);
    }
    return names.empty() ? "-" : names;
}

void print_lists(const std::vector<Resource>& resources) {
    for (const Resource& resource : resources) {
        for (const List& list : resource.lists) {
            const std::string tag = tag_of(list);
            fmt::print("/{}{}{} {} {} {} {} {}\n", resource.name, list.path.empty() ? "" : "/",
                       list.path, resource.name, resource.is_wrapped() ? "flagged" : "plain",
                       list.file(), tag.empty() ? "-" : tag, tagged_fields(resource, list));
        }
    }
}

int print_diagnosis(const Settings& settings,
                    const std::expected<std::vector<Resource>, std::vector<Mistake>>& catalog) {
    bool is_sound = catalog.has_value();
    if (!catalog) {
        for (const Mistake& mistake : catalog.error()) {
            fmt::print("problem: resources: {}\n", mistake.message());
        }
    } else {
        fmt::print("ok: resources: {} from {}\n", catalog->size(), settings.resources_dir);
    }
    const auto resources = catalog ? std::span(*catalog) : std::span<const Resource>();
    for (const Finding& finding : diagnose(settings, resources)) {
        constexpr std::array words = {"ok", "advice", "problem"};
        fmt::print("{}: {}\n", words.at(static_cast<std::size_t>(finding.weight)), finding.text);
        is_sound = is_sound && finding.weight != Finding::Weight::problem;
    }
    return is_sound ? EXIT_SUCCESS : bad_setup;
}

int serve(Services& shared, const std::vector<Resource>& resources) {
    int listening = 0;
    socklen_t size = sizeof(listening);
    if (getsockopt(STDIN_FILENO, SOL_SOCKET, SO_ACCEPTCONN, &listening, &size) != 0 || !listening) {
        return refuse_to_serve(
            "standard input is not a listening socket; start it with spawn-fcgi or"
            " systemd (see README.md)");
    }
    raise_file_limit();
    prefer_throughput();
    block_signals();
    shared.database_watch.start();
    const std::jthread caretaker([&](const std::stop_token& stop) { take_care(stop, shared); });
    const Operations operations = all_operations(resources);
    const Routes routes(operations);
    const RequestMetrics requests(shared.metrics, routes.patterns());
    Scheduler scheduler(shared, routes);
    Loop loop(STDIN_FILENO, scheduler, requests, shared.metrics.fastcgi_connections,
              static_cast<std::size_t>(shared.settings.body_limit_bytes));
    shared.metrics.worker_starts.add();
    shared.metrics.workers.set(1);
    log_info("started", {{"version", LARDER_VERSION}});
    if (const auto told = notify_ready(); !told) {
        log_error("service_manager_not_told", {{"error", told.error()}});
    }
    const bool is_finished = loop.run();
    if (is_finished) return EXIT_SUCCESS;
    log_error("not_finished");
    std::fflush(nullptr);
    _exit(not_finished);  // a store thread is stuck; joining it would wait for it
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app(
        "Larder's FastCGI worker. Serves on the listening socket that is its standard input.");
    bool check = false;
    bool diagnosis = false;
    bool lists = false;
    bool table = false;
    bool description = false;
    bool metrics = false;
    bool hold = false;
    bool release = false;
    bool clear = false;
    bool renew = false;
    bool renew_all_lists = false;
    std::string service_directory;
    app.set_version_flag("--version", LARDER_VERSION);
    app.add_flag("--check", check, "Check settings and database schema, then exit");
    app.add_flag("--diagnose", diagnosis,
                 "Print what is in order and what is not about PostgreSQL and Redis, then exit");
    app.add_flag("--print-lists", lists, "Print the lists, for nginx's configuration, then exit");
    app.add_flag("--print-settings", table, "Print all settings as a Markdown table, then exit");
    app.add_flag("--print-openapi", description, "Print the OpenAPI description, then exit");
    app.add_flag("--print-metrics", metrics, "Print all metrics as a Markdown table, then exit");
    add_resources_option(app);
    app.add_option(
        "--write-service", service_directory,
        "Write the address for migrations to this directory as files of libpq, then exit");
    app.add_flag("--hold-redis", hold,
                 "Leave Redis alone on this host while descriptions change, then exit");
    app.add_flag("--release-redis", release, "Let this host use Redis again, then exit");
    app.add_flag("--clear-caches", clear, "Empty every cache of every resource, then exit");
    app.add_flag("--renew-lists", renew_all_lists,
                 "Have every cached list of this host read anew, then exit");
    app.add_flag("--renew-access", renew,
                 "Have the workers of this host judge tokens and rights anew, then exit");
    CLI11_PARSE(app, argc, argv);

    if (table) {
        fmt::print("{}", settings_as_markdown());
        return EXIT_SUCCESS;
    }
    if (metrics) {
        fmt::print("{}", metrics_as_markdown());
        return EXIT_SUCCESS;
    }
    if (lists || description) {
        const auto catalog = read_catalog(resources_directory(std::getenv));
        if (!catalog) return refuse_all(catalog.error());
        if (lists) print_lists(*catalog);
        if (description) {
            fmt::print("{}\n", openapi::document(*catalog, public_path_of(std::getenv),
                                                 is_auth_on(std::getenv)));
        }
        return EXIT_SUCCESS;
    }
    const bool is_asked = check || diagnosis || hold || release || clear || renew ||
                          renew_all_lists || !service_directory.empty();
    const auto give_up = is_asked ? refuse : refuse_to_serve;
    const auto settings = load_settings(std::getenv);
    if (!settings) return give_up(settings.error());
    if (hold || release) return change_hold(*settings, hold);
    if (renew) return renew_access(*settings);
    if (!service_directory.empty()) {
        const auto written =
            write_service_file(settings->direct_database_url, migration_options, service_directory);
        return written ? EXIT_SUCCESS : refuse(written.error());
    }
    const auto catalog = read_catalog(settings->resources_dir);
    if (!catalog && !diagnosis) {
        const int status = refuse_all(catalog.error());
        return is_asked ? status : after_a_moment(status);
    }
    start_log("larder-worker", settings->debug, settings->log_format);
    set_connection_defaults(*settings, "larder-worker");
    if (diagnosis) return print_diagnosis(*settings, catalog);
    const std::vector<Resource>& resources = *catalog;
    if (clear) return clear_host(*settings, resources);
    if (renew_all_lists) return renew_lists(*settings, resources);
    const auto schema = check_schema(*settings, resources);
    if (check && schema.state == SchemaState::current) {
        fmt::print(stderr, "larder-worker: {}\n", schema.text);
        return EXIT_SUCCESS;
    }
    if (check || schema.state == SchemaState::behind) return give_up(schema.text);
    if (schema.state == SchemaState::unknown) log_error("no_database", {{"error", schema.text}});
    if (!schema.missing.empty()) log_error("privileges_missing", {{"grant", schema.missing}});
    close_new_files_to_others();
    auto memory = open_shared_memory(settings->run_dir);
    if (!memory) return refuse_to_serve(memory.error());
    const auto counted = MetricsMemory::open(settings->run_dir);
    if (!counted) return refuse_to_serve(counted.error());
    if (const auto made = prepare_answer_log(settings->run_dir); !made) {
        return refuse_to_serve(made.error());
    }
    Services shared(*settings, resources, **memory, **counted);
    if (const auto prepared = shared.generations.prepare(); !prepared) {
        return refuse_to_serve(prepared.error());
    }
    if (const auto prepared = shared.access_generation.prepare(); !prepared) {
        return refuse_to_serve(prepared.error());
    }
    if (settings->auth) {
        keep_memory_secret();
        // This process may judge otherwise than those before it: by other rights, or other
        // settings.
        if (!shared.access_generation.swap())
            return refuse_to_serve(file_failure(settings->run_dir));
    }
    warn_if_open(*settings);
    return serve(shared, resources);
}
