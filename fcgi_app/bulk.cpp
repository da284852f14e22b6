// larder-bulk: wiring, no logic.

#include <fmt/format.h>
#include <CLI/CLI.hpp>

#include <csignal>
#include <cstdio>
#include <cstdlib>
#include <string>

#include "bulk/export_command.hpp"
#include "bulk/import_command.hpp"
#include "catalog/catalog.hpp"
#include "file.hpp"
#include "observe/log.hpp"
#include "program_options.hpp"
#include "records/schema.hpp"
#include "records/services.hpp"
#include "settings.hpp"

namespace {

using namespace larder;

int refuse(const std::string& why) {
    fmt::print(stderr, "larder-bulk: {}\n", why);
    return EXIT_FAILURE;
}

CLI::App* add_import(CLI::App& app, bulk::ImportOptions& options) {
    auto* import = app.add_subcommand("import", "Add the rows of the standard input to a resource");
    import->add_option("RESOURCE", options.resource, "The resource")->required();
    import->add_option("--format", options.format,
                       "csv or ndjson; default: by the name of the file, or csv");
    import->add_option("--file-name", options.file_name, "The name of the file that is the input");
    import->add_option("--on-conflict", options.choices.on_conflict,
                       "What becomes of a row whose key another record has: fail, skip or update;"
                       " default: fail");
    import->add_option("--key", options.choices.key,
                       "The unique field by which records are known; default: id");
    import->add_flag("--all", options.is_all, "Import all rows or none");
    import->add_flag("--dry-run", options.is_trial, "Say what would be done, and write nothing");
    import->add_flag("--json", options.is_json, "Print the result as JSON");
    auto* file = import->add_option("--errors", options.errors_file,
                                    "Write the rows that fail to this file, as CSV with the"
                                    " original lines");
    import
        ->add_option("--errors-descriptor", options.errors_descriptor,
                     "The same, to a descriptor that is open")
        ->excludes(file);
    return import;
}

CLI::App* add_export(CLI::App& app, bulk::ExportOptions& options) {
    auto* exporting = app.add_subcommand("export", "Write a list to the standard output");
    exporting->add_option("RESOURCE", options.resource, "The resource")->required();
    exporting->add_option("--format", options.format,
                          "csv or ndjson; default: by the name of the file, or csv");
    exporting->add_option("--file-name", options.file_name,
                          "The name of the file that is the output");
    exporting->add_option("--list", options.list, "A named list; default: all records");
    exporting->add_option("--query", options.query,
                          "Parameters of the list as in a URL, such as state=sent&sort=-issued");
    exporting->add_flag("--spreadsheet", options.is_for_spreadsheet,
                        "Write texts so that a spreadsheet takes none for a formula");
    return exporting;
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("Imports and exports many records at once. Takes the settings of larder-worker.");
    app.set_version_flag("--version", LARDER_VERSION);
    app.require_subcommand(1);
    add_resources_option(app);
    bulk::ImportOptions importing;
    auto* import = add_import(app, importing);
    bulk::ExportOptions exporting;
    auto* chosen_export = add_export(app, exporting);
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        return app.exit(error) == 0 ? EXIT_SUCCESS : bulk::wrong_usage;
    }

    std::signal(SIGPIPE, SIG_IGN);
    auto settings = load_settings(std::getenv);
    if (!settings) return refuse(settings.error());
    settings->database_url = settings->direct_database_url;
    // For an operator, an export may take as long as it takes.
    if (chosen_export->parsed()) settings->query_timeout_ms = 0;
    const auto catalog = read_catalog(settings->resources_dir);
    if (!catalog) {
        for (const Mistake& mistake : catalog.error()) refuse(mistake.message());
        return EXIT_FAILURE;
    }
    start_log("larder-bulk", settings->debug, settings->log_format);
    set_connection_defaults(*settings, "larder-bulk");
    const auto schema = check_schema(*settings, *catalog);
    if (schema.state != SchemaState::current) return refuse(schema.text);
    close_new_files_to_others();
    auto memory = open_shared_memory(settings->run_dir);
    if (!memory) return refuse(memory.error() + "; start Larder first");
    const auto counted = MetricsMemory::open(settings->run_dir);
    if (!counted) return refuse(counted.error());
    Services shared(*settings, *catalog, **memory, **counted);
    if (const auto prepared = shared.generations.prepare(); !prepared) {
        return refuse(prepared.error());
    }
    if (import->parsed()) return bulk::run_import(shared, importing);
    return bulk::run_export(shared, exporting);
}
