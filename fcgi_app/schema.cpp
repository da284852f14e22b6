// larder-schema: wiring, no logic.

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>

#include "admin/adopt_command.hpp"
#include "admin/plan_command.hpp"
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

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("Compares the descriptions of the resources with the database.");
    app.set_version_flag("--version", LARDER_VERSION);
    app.require_subcommand(1);
    admin::AdoptOptions adoption;
    auto* adopt = app.add_subcommand(
        "adopt", "Describe tables that exist; print the descriptions, and what is to be done");
    adopt->add_option("TABLE", adoption.tables, "Tables: film, sales.film, sales.*");
    adopt->add_flag("--all", adoption.is_all, "All tables that have no description");
    adopt->add_option("--to", adoption.directory, "Write the descriptions into this directory");
    admin::PlanOptions planning;
    auto* plan = app.add_subcommand(
        "plan", "Print what the database lacks; exit status 0: nothing, 2: something, 1: wrong");
    auto* write = app.add_subcommand(
        "write",
        "Write that as changes of a Sqitch project, and print the names of those that are to be"
        " deployed; exit status as that of plan");
    auto* check = app.add_subcommand("check", "Print a line for each difference");
    for (auto* command : {plan, write}) {
        command->add_option("--drop", planning.drops, "A column, table.column, or table to drop")
            ->allow_extra_args(false);
    }
    write->add_option("DIR", planning.directory, "Directory of the project")->required();
    CLI11_PARSE(app, argc, argv);

    const auto settings = load_settings(std::getenv);
    if (!settings) return refuse(settings.error());
    start_log("larder-schema", settings->debug, settings->log_format);
    set_connection_defaults(*settings, "larder-schema");
    Database database(settings->direct_database_url, settings->prepared_statements);
    Session session(database);
    if (adopt->parsed()) return admin::run_adopt(session, settings->resources_dir, adoption);
    if (write->parsed()) planning.what = admin::PlanOptions::What::write;
    if (check->parsed()) planning.what = admin::PlanOptions::What::check;
    return admin::run_plan(session, settings->resources_dir, planning);
}
