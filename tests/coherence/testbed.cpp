#include "testbed.hpp"

#include <signal.h>

#include <cstdlib>
#include <fstream>
#include <iterator>
#include <stdexcept>

#include "support/temporary_directory.hpp"

namespace larder::coherence {
namespace {

namespace fs = std::filesystem;

constexpr auto parents = R"toml(title = "Parent"
id = "uuid"
[fields]
name = { type = "text" }
copy = { type = "text" }
origin = { type = "text" }
)toml";

constexpr auto children = R"toml(title = "Child"
id = "uuid"
[fields]
name = { type = "text" }
copy = { type = "text" }
parent = { type = "reference", to = "parents", on_delete = "cascade" }
)toml";

constexpr auto friends = R"toml(title = "Friend"
id = "uuid"
primed = true
[fields]
name = { type = "text" }
copy = { type = "text" }
origin = { type = "text" }
parent = { type = "reference", to = "parents", on_delete = "clear", optional = true }
[lists.linked]
where = "parent IS NOT NULL"
)toml";

// Only those with a token may read it.
constexpr auto secrets = R"toml(title = "Secret"
id = "integer"
[fields]
name = { type = "text" }
[lists.named]
where = "name <> ''"
[rights]
read = ["clerk"]
)toml";

// What clients write with keys: two of one name are one write that was done twice.
constexpr auto receipts = R"toml(title = "Receipt"
id = "integer"
primed = true
[fields]
name = { type = "text" }
note = { type = "text" }
code = { type = "text", optional = true, unique = true }
)toml";

constexpr auto for_anyone = R"toml(
[rights]
read = ["anyone"]
create = ["anyone"]
change = ["anyone"]
delete = ["anyone"]
)toml";

constexpr auto tables = R"sql(
CREATE TABLE public.secrets (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL);
CREATE TABLE public.parents (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text NOT NULL,
    copy text NOT NULL, origin text NOT NULL);
CREATE TABLE public.children (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text NOT NULL,
    copy text NOT NULL, parent uuid NOT NULL REFERENCES public.parents ON DELETE CASCADE);
CREATE TABLE public.friends (id uuid PRIMARY KEY DEFAULT gen_random_uuid(), name text NOT NULL,
    copy text NOT NULL, origin text NOT NULL, parent uuid REFERENCES public.parents ON DELETE SET NULL);
CREATE TABLE public.receipts (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, name text NOT NULL,
    note text NOT NULL, code text UNIQUE);
ALTER TABLE public.receipts REPLICA IDENTITY FULL;
ALTER TABLE public.employees ADD COLUMN origin text NOT NULL DEFAULT 'sample';
ALTER TABLE public.products ADD COLUMN origin text NOT NULL DEFAULT 'sample';
CREATE INDEX ON public.children (parent);
CREATE INDEX ON public.friends (parent);
ALTER PUBLICATION larder ADD TABLE public.parents, public.children, public.friends, public.secrets,
    public.receipts;
)sql";

void insert_before(const fs::path& description, std::string_view place, std::string_view what) {
    std::ifstream file(description);
    std::string text{std::istreambuf_iterator<char>(file), {}};
    text.insert(text.find(place), what);
    std::ofstream(description) << text;
}

/// A field that new records need and changes do not have (see new_document_of).
constexpr std::string_view origin = "origin = { type = \"text\" }\n";

/// Copies the descriptions and the migrations of the project, and adds the resources that refer to
/// each other.
void add_resources(const fs::path& directory) {
    for (const auto* name : {"resources", "sql"}) {
        fs::copy(test::source_directory() / name, directory / name, fs::copy_options::recursive);
    }
    const auto employees = directory / "resources" / "employees.toml";
    // They can be listed by their IDs.
    insert_before(employees, "unique = true", "filter = true, ");
    insert_before(employees, "name =", origin);
    insert_before(directory / "resources" / "products.toml", "name =", origin);
    std::ofstream(directory / "resources" / "parents.toml") << parents;
    std::ofstream(directory / "resources" / "children.toml") << children;
    std::ofstream(directory / "resources" / "friends.toml") << friends;
    std::ofstream(directory / "resources" / "receipts.toml") << receipts;
    for (const auto& description : fs::directory_iterator(directory / "resources")) {
        std::ofstream(description.path(), std::ios::app) << for_anyone;
    }
    std::ofstream(directory / "resources" / "secrets.toml") << secrets;
    std::ofstream(directory / "keys.json") << R"({"keys":[]})";
    const auto sql = directory / "sql";
    std::ofstream(sql / "sqitch.plan", std::ios::app)
        << "coherence [feed] 2026-01-01T00:00:00Z Test <test@localhost> # Coherence\n";
    std::ofstream(sql / "deploy" / "coherence.sql") << tables;
    std::ofstream(sql / "revert" / "coherence.sql")
        << "DROP TABLE children, friends, parents, receipts, secrets;"
           "ALTER TABLE employees DROP COLUMN origin; ALTER TABLE products DROP COLUMN origin;";
    std::ofstream(sql / "verify" / "coherence.sql") << "SELECT parent FROM public.friends;";
}

test::Environment stack_environment(const std::string& redis_socket, const fs::path& directory) {
    test::Environment environment = {{"REDIS_URL", "unix://" + redis_socket},
                                     {"RESOURCES_DIR", directory / "resources"},
                                     {"LARDER_SQL", directory / "sql"},
                                     {"AUTH", "on"},
                                     {"AUTH_JWKS", directory / "keys.json"},
                                     {"AUTH_ISSUER", std::string(TestBed::issuer)},
                                     {"AUTH_AUDIENCE", std::string(TestBed::audience)}};
    for (const char* name :
         {"LARDER_WORKER", "LARDER_FEED", "LARDER_TOKEN_PROGRAM", "LARDER_MUTANT"}) {
        const char* value = std::getenv(name);
        if (value != nullptr) environment[name] = value;
    }
    return environment;
}

}  // namespace

TestBed::TestBed(bool with_proxies) : directory_(test::temporary_directory("larder-coherence")) {
    redis_ = std::make_unique<RedisServer>(directory_);
    std::string socket = redis_->socket();
    if (with_proxies) {
        socket = directory_ / "proxy.sock";
        redis_proxy_ = std::make_unique<SocketProxy>(socket, redis_->socket());
    }
    add_resources(directory_);
    stack_ = std::make_unique<test::Stack>(stack_environment(socket, directory_));
    const auto made = stack_->script({"token", "create", "--name", "admin", "--role", "admin"});
    for (const auto& line : test::lines_in(made.output)) {
        if (line.starts_with("larder_")) admin_ = line;
    }
    if (admin_.empty()) throw std::runtime_error("no token: " + made.output);
    if (!with_proxies) return;
    const fs::path directory = stack_->status().at("postgresql_socket");
    database_socket_ = directory / ".s.PGSQL.5432";
    fs::rename(database_socket_, real_database_socket());
    database_proxy_ = std::make_unique<SocketProxy>(database_socket_, real_database_socket());
    // So that those who have a connection past the proxy make new ones.
    stack_->signal("worker", SIGKILL);
    stack_->signal("feed", SIGKILL);
}

TestBed::~TestBed() {
    stack_.reset();
    database_proxy_.reset();
    redis_proxy_.reset();
    redis_.reset();
    std::error_code ignored;
    fs::remove_all(directory_, ignored);
}

std::string TestBed::real_database_socket() const { return database_socket_.string() + ".real"; }

void TestBed::interpose_database_proxy() {
    if (!database_proxy_) return;
    fs::rename(database_socket_, real_database_socket());
    database_proxy_->listen_on(database_socket_);
}

bool TestBed::has_feed() const { return !stack_->pids("feed").empty(); }

}  // namespace larder::coherence
