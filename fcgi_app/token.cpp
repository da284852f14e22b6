// larder-token: wiring, no logic.

#include <fmt/format.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <CLI/CLI.hpp>

#include <cstdio>
#include <cstdlib>
#include <string>
#include <string_view>

#include "access/generation.hpp"
#include "access/secret.hpp"
#include "access/token_command.hpp"
#include "file.hpp"
#include "observe/log.hpp"
#include "records/schema.hpp"
#include "settings.hpp"

namespace {

using namespace larder;

int refuse(const std::string& why) {
    fmt::print(stderr, "larder-token: {}\n", why);
    return EXIT_FAILURE;
}

/// The memory of this process has a secret for a moment: nobody may look into it, and no core of it
/// may be written.
void keep_memory_private() {
    prctl(PR_SET_DUMPABLE, 0);
    const rlimit none{};
    setrlimit(RLIMIT_CORE, &none);
}

}  // namespace

int main(int argc, char** argv) {
    keep_memory_private();
    close_new_files_to_others();
    CLI::App app("Makes, lists and revokes the tokens by which clients are let in.");
    app.set_version_flag("--version", LARDER_VERSION);
    app.require_subcommand(1);
    access::CreateOptions creating;
    auto* create = app.add_subcommand("create", "Make a token, and print it this once");
    create->add_option("--name", creating.name, "How logs and lists call it")->required();
    create->add_option("--role", creating.roles, "A role that it has; can be repeated")
        ->required()
        ->allow_extra_args(false);
    std::string expires;
    auto* with_expiry = create->add_option(
        "--expires", expires,
        "When it expires: 90d, 12h, 2027-01-31 or 2027-01-31T12:00:00Z; default: never");
    create->add_flag("--json", creating.is_json, "Print JSON");
    access::ListOptions listing;
    auto* list = app.add_subcommand("list", "Print the tokens, without their secrets");
    list->add_flag("--all", listing.with_revoked, "Also those that were revoked");
    list->add_flag("--json", listing.is_json, "Print JSON");
    access::RevokeOptions revoking;
    auto* revoke = app.add_subcommand(
        "revoke", "Revoke a token; it is refused from the moment on at which this has returned");
    revoke->add_option("NAME|ID", revoking.name_or_id, "Its name, or its number")->required();
    revoke->add_flag("--json", revoking.is_json, "Print JSON");
    bool is_json = false;
    auto* reload = app.add_subcommand(
        "reload-keys", "Check the file AUTH_JWKS, and have the workers of this host read it now");
    reload->add_flag("--json", is_json, "Print JSON");
    try {
        app.parse(argc, argv);
    } catch (const CLI::ParseError& error) {
        // Its text repeats what was typed.
        if (!std::string_view(error.what()).contains(access::token_prefix)) return app.exit(error);
        return refuse(
            "an argument looks like a token: tokens are named, and not given; see --help");
    }

    // CLI11 would make nothing of an empty text, and the token would never expire.
    if (with_expiry->count() > 0) creating.expires = expires;
    const auto settings = load_settings(std::getenv);
    if (!settings) return refuse(settings.error());
    start_log("larder-token", settings->debug, settings->log_format);
    set_connection_defaults(*settings, "larder-token");
    const access::Generation generation(settings->run_dir);
    if (reload->parsed()) return access::run_reload_keys(*settings, generation, is_json);
    Database database(settings->direct_database_url, settings->prepared_statements);
    Session session(database);
    if (create->parsed()) return access::run_create(session, generation, creating);
    if (revoke->parsed()) return access::run_revoke(session, generation, revoking);
    return access::run_list(session, listing);
}
