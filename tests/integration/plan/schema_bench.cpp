#include "schema_bench.hpp"

#include <fstream>

#include "../fixture.hpp"

namespace larder::test {

namespace fs = std::filesystem;

SchemaBench::SchemaBench()
    : directory_(temporary_directory("larder-plan")),
      url_(stack().status().at("database_url")),
      database_(std::make_unique<Database>(url_)) {
    database_->query("SET client_min_messages = warning");
    fs::create_directory(directory_ / "resources");
    fs::create_directory(directory_ / "sql");
    // Where root runs the tests, the stack has an account of its own.
    fs::permissions(directory_ / "sql", fs::perms(0755));
}

SchemaBench::~SchemaBench() {
    std::error_code ignored;
    fs::remove_all(directory_, ignored);
}

void SchemaBench::describe(const std::string& resource, const std::string& text) {
    std::ofstream(directory_ / "resources" / (resource + ".toml")) << text;
}

void SchemaBench::forget(const std::string& resource) {
    fs::remove(directory_ / "resources" / (resource + ".toml"));
}

Finished SchemaBench::schema(const std::vector<std::string>& arguments) const {
    std::vector<std::string> command = {program_directory() / "larder-schema"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return run(command, {{"DATABASE_URL", url_}, {"RESOURCES_DIR", directory_ / "resources"}});
}

std::vector<std::string> SchemaBench::write(const std::vector<std::string>& drops) const {
    fs::remove(directory_ / "sql" / "sqitch.plan");
    std::vector<std::string> arguments = {"write", directory_ / "sql"};
    for (const std::string& drop : drops) {
        arguments.emplace_back("--drop");
        arguments.push_back(drop);
    }
    const auto finished = schema(arguments);
    BOOST_REQUIRE_MESSAGE(finished.status == 2, finished.output);
    return lines_in(finished.output);
}

Finished SchemaBench::script(const std::string& kind, const std::string& change) const {
    return run({"psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-v", "registry=sqitch", "-d", url_, "-f",
                directory_ / "sql" / kind / (change + ".sql")});
}

std::vector<std::string> SchemaBench::apply(const std::vector<std::string>& drops) const {
    const auto names = write(drops);
    for (const std::string& name : names) {
        for (const std::string kind : {"deploy", "verify"}) {
            const auto finished = script(kind, name);
            BOOST_REQUIRE_MESSAGE(finished.status == 0,
                                  kind << ' ' << name << ": " << finished.output);
        }
    }
    const auto after = schema({"plan"});
    BOOST_REQUIRE_MESSAGE(after.status == 0, after.output);
    return names;
}

Finished SchemaBench::sqitch(const std::vector<std::string>& arguments) const {
    const fs::path service = directory_ / "service";
    fs::remove_all(service);
    fs::create_directory(service);
    const auto written = run({program_directory() / "larder-worker", "--write-service", service},
                             {{"DATABASE_URL", url_}});
    BOOST_REQUIRE_MESSAGE(written.status == 0, written.output);
    std::vector<std::string> command = {
        "sh", "-c", "cd \"$1\" && shift && exec sqitch \"$@\" db:pg:", "sh", directory_ / "sql"};
    command.insert(command.end(), arguments.begin(), arguments.end());
    return run(command, {{"PGSERVICEFILE", service / "service"},
                         {"PGSERVICE", "larder"},
                         {"TZ", "UTC"},
                         {"SQITCH_USER_CONFIG", "/dev/null"},
                         {"SQITCH_SYSTEM_CONFIG", "/dev/null"},
                         {"SQITCH_FULLNAME", "Test"},
                         {"SQITCH_EMAIL", "test@localhost"}});
}

void SchemaBench::run_sql(const std::string& statements) const {
    const auto finished =
        run({"psql", "-Xq", "-v", "ON_ERROR_STOP=1", "-d", url_, "-c", statements});
    BOOST_REQUIRE_MESSAGE(finished.status == 0, statements << ": " << finished.output);
}

bool is_expand(const std::string& change) { return change.ends_with("_expand"); }

}  // namespace larder::test
