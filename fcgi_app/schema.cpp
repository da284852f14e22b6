// larder-schema: wiring, no logic.

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <vector>

#include "admin/adopt.hpp"
#include "admin/adopt_files.hpp"
#include "admin/read_tables.hpp"
#include "catalog/catalog.hpp"
#include "observe/log.hpp"
#include "records/schema.hpp"
#include "settings.hpp"

namespace {

using namespace larder;

constexpr int wrong = 1;

int refuse(const std::string& why) {
    fmt::print(stderr, "larder-schema: {}\n", why);
    return wrong;
}

int refuse(const Error& error) {
    return refuse(fmt::format("PostgreSQL: {}; check DATABASE_URL and that the server runs",
                              error.log.empty() ? error.detail : error.log));
}

struct AdoptOptions {
    std::vector<std::string> tables;
    bool is_all = false;
    std::string directory;
};

/// With `--all`, a table that cannot be described is only told; else nothing is written then.
int adopt_tables(Session& session, const std::vector<Resource>& resources,
                 const AdoptOptions& options) {
    const auto names = admin::table_names(session);
    if (!names) return refuse(names.error());
    std::expected<std::vector<admin::TableName>, std::vector<std::string>> chosen;
    if (options.is_all) {
        chosen = admin::undescribed(*names, resources);
    } else {
        chosen = admin::chosen_tables(*names, options.tables);
    }
    if (!chosen) {
        for (const std::string& mistake : chosen.error()) refuse(mistake);
        return wrong;
    }
    const auto tables = admin::read_tables(session, *chosen);
    if (!tables) return refuse(tables.error());
    const auto role = session.read(once("SELECT current_user"));
    if (!role) return refuse(role.error());
    const auto adoption = admin::adopt(*tables, resources);
    const bool is_whole = adoption.refused.empty() || options.is_all;
    if (is_whole && !options.directory.empty()) {
        const auto written = admin::write_descriptions(adoption.adopted, options.directory);
        if (!written) return refuse(written.error());
    }
    for (const admin::Adopted& one : adoption.adopted) {
        if (!is_whole) break;
        if (options.directory.empty()) {
            fmt::print("# {}.toml\n{}\n", one.name, one.text);
        } else {
            fmt::print("{}/{}.toml\n", options.directory, one.name);
        }
    }
    for (const std::string& note : admin::notes_on(adoption, role->at(0).at(0).value_or(""))) {
        refuse(note);
    }
    return is_whole ? EXIT_SUCCESS : wrong;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("Compares the descriptions of the resources with the database.");
    app.set_version_flag("--version", LARDER_VERSION);
    app.require_subcommand(1);
    AdoptOptions adoption;
    auto* adopt = app.add_subcommand(
        "adopt", "Describe tables that exist; print the descriptions, and what is to be done");
    adopt->add_option("TABLE", adoption.tables, "Tables: film, sales.film, sales.*");
    adopt->add_flag("--all", adoption.is_all, "All tables that have no description");
    adopt->add_option("--to", adoption.directory, "Write the descriptions into this directory");
    CLI11_PARSE(app, argc, argv);

    const auto settings = load_settings(std::getenv);
    if (!settings) return refuse(settings.error());
    const auto resources = admin::described_so_far(settings->resources_dir);
    if (!resources) {
        for (const Mistake& mistake : resources.error()) refuse(mistake.message());
        return wrong;
    }
    start_log("larder-schema", settings->debug, settings->log_format);
    set_connection_defaults(*settings, "larder-schema");
    Database database(settings->direct_database_url, settings->prepared_statements);
    Session session(database);
    if (adoption.is_all != adoption.tables.empty()) {
        return refuse("name the tables to adopt, or write --all");
    }
    return adopt_tables(session, *resources, adoption);
}
