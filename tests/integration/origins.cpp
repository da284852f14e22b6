// contract.md, "Who may": CORS_ORIGINS. Every answer has the headers that a page of an allowed
// origin needs, whoever gives it; a page of any other origin can neither read nor write.
#define BOOST_TEST_MODULE origins
#include <algorithm>
#include <csignal>
#include <stdexcept>

#include "fixture.hpp"

using namespace larder::test;

namespace {

const std::string app = "https://app.example";
const int page_port = free_port();

struct OpenStack : SharedStack {
    OpenStack()
        : SharedStack(
              {{"CORS_ORIGINS", "HTTPS://App.Example:443  http://[::1]:3000 http://127.0.0.1:" +
                                    std::to_string(page_port)}}) {}
};

HeaderLines of(const std::string& origin, HeaderLines more = {}) {
    more.push_back("Origin: " + origin);
    return more;
}

void expect_open(const std::string& what, const Response& answer, int status,
                 const std::string& origin = app) {
    BOOST_TEST_CONTEXT(what << ": " << answer.status << answer.body.substr(0, 200)) {
        BOOST_TEST(answer.status == status);
        BOOST_TEST(answer.header("Access-Control-Allow-Origin") == origin);
        BOOST_TEST(answer.headers.count("Access-Control-Allow-Origin") == 1U);
        BOOST_TEST(!answer.has("Access-Control-Allow-Credentials"));
        for (const auto* name : {"ETag", "Link", "Location", "Retry-After", "X-Cache",
                                 "X-Total-Count", "X-Request-Id", "WWW-Authenticate"}) {
            BOOST_TEST(answer.header("Access-Control-Expose-Headers").contains(name), name);
        }
    }
}

/// Tells nothing to a page of another origin; `*` would, and so would its own name.
void expect_closed(const std::string& what, const Response& answer) {
    BOOST_TEST_CONTEXT(what) {
        BOOST_TEST(answer.status != 0);
        for (const auto& [name, value] : answer.headers) {
            BOOST_TEST(!name.starts_with("Access-Control-"), name << ": " << value);
        }
    }
}

bool varies_by_origin(const Response& answer) {
    const auto [first, last] = answer.headers.equal_range("Vary");
    return std::any_of(first, last, [](const auto& field) { return field.second == "Origin"; });
}

Response raw(const std::string& request_line, const std::string& fields) {
    return parse_response(
        api().raw({request_line + " HTTP/1.1\r\n" + fields + "Connection: close\r\n\r\n"}));
}

Response preflight(const std::string& path, const std::string& origin) {
    return api().request("OPTIONS", path, {},
                         of(origin, {"Access-Control-Request-Method: PUT",
                                     "Access-Control-Request-Headers: authorization,if-match"}));
}

void reload_with(const std::string& origins) {
    const auto reloaded = stack().script({"reload"}, {{"CORS_ORIGINS", origins}});
    BOOST_REQUIRE(reloaded.status == 0);
}

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(OpenStack);

BOOST_AUTO_TEST_CASE(on_lists_cold_and_kept) {
    create("/items", "{}");
    create("/items", "{}");
    create("/employees", employee("A"));
    for (const std::string list : {"/items", "/employees", "/employees/high-salary",
                                   "/employees?limit=5", "/items?limit=1"}) {
        expect_open(list + ", cold", api().get(list, of(app)), 200);
        Response kept;
        BOOST_TEST(eventually([&] {
            kept = api().get(list, of(app));
            return kept.header("X-Cache") == "HIT";
        }));
        expect_open(list + ", kept", kept, 200);
        BOOST_TEST(varies_by_origin(kept));
        // The answer in the cache is the same for all; its headers are not.
        const auto same = api().get(list);
        expect_closed(list + ", without Origin", same);
        BOOST_TEST(same.header("X-Cache") == "HIT");
        BOOST_TEST(varies_by_origin(same));
        expect_closed(list + ", of another", api().get(list, of("https://evil.example")));
        expect_open(list + ", HEAD", api().request("HEAD", list, {}, of(app)), 200);
        expect_open(list + ", reloaded", api().get(list, of(app, {"Cache-Control: no-cache"})),
                    200);
    }
}

BOOST_AUTO_TEST_CASE(on_what_workers_answer) {
    const auto path = path_of("/items", create("/items", "{}"));
    const auto tag = api().get(path).header("ETag");
    expect_open("a record", api().get(path, of(app)), 200);
    expect_open("304", api().get(path, of(app, {"If-None-Match: " + tag})), 304);
    expect_open("a new record", api().post("/items", "{}", of(app)), 201);
    expect_open("a change", api().put(path, "{}", of(app)), 200);
    expect_open("a patch", api().patch(path, "{}", of(app)), 200);
    expect_open("a refused body", api().post("/items", "[", of(app)), 400);
    expect_open("404", api().get("/items/none", of(app)), 404);
    expect_open("405", api().put("/items", "{}", of(app)), 405);
    expect_open("412", api().put(path, "{}", of(app, {"If-Match: \"x\""})), 412);
    expect_open("415", api().post("/items", "{}", of(app, {"Content-Type: text/plain"})), 415);
    expect_open("422", api().get("/items?x=1", of(app)), 422);
    expect_open("a greeting", api().get("/user", of(app)), 200);
    expect_open("the welcome line", api().get("/", of(app)), 200);
    expect_open("health", api().get("/health", of(app)), 200);
    expect_open("the metrics", api().get("/metrics", of(app)), 200);
    expect_open("OPTIONS without a preflight", api().request("OPTIONS", "/items", {}, of(app)),
                204);
    expect_open("a removal", api().del(path, of(app)), 200);
}

BOOST_AUTO_TEST_CASE(on_files) {
    for (const std::string page : {"/openapi.json", "/docs", "/redoc", "/status"}) {
        const auto answer = api().get(page, of(app));
        expect_open(page, answer, 200);
        expect_open(page + ", 304",
                    api().get(page, of(app, {"If-None-Match: " + answer.header("ETag")})), 304);
        expect_open(page + ", misspelt", api().get(page + "?x=1", of(app)), 422);
    }
    expect_open("a file that is not there", api().get("/docs/none.js", of(app)), 404);
}

BOOST_AUTO_TEST_CASE(on_errors_of_nginx_itself) {
    const std::string fields = "Host: localhost\r\nOrigin: " + app + "\r\n";
    expect_open("400 without Host", raw("GET /items", "Origin: " + app + "\r\n"), 400);
    expect_open("421", raw("GET /items", "Host: evil.example\r\nOrigin: " + app + "\r\n"), 421);
    expect_open("431", raw("GET /items", fields + "X: " + std::string(100000, 'a') + "\r\n"), 431);
    expect_open("413", api().post("/items", std::string(2'000'000, ' '), of(app)), 413);
    expect_open("501", raw("POST /items", fields + "Transfer-Encoding: x\r\n"), 501);
}

BOOST_AUTO_TEST_CASE(a_preflight_is_answered_for_every_path) {
    for (const std::string path : {"/items", "/items/none", "/employees/high-salary", "/docs",
                                   "/openapi.json", "/metrics", "/nothing", "/cache/clear", "/"}) {
        const auto answer = preflight(path, app);
        expect_open("a preflight of " + path, answer, 204);
        for (const auto* method : {"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"}) {
            BOOST_TEST(answer.header("Access-Control-Allow-Methods").contains(method));
        }
        for (const auto* field :
             {"Authorization", "Content-Type", "If-Match", "If-None-Match", "Idempotency-Key"}) {
            BOOST_TEST(answer.header("Access-Control-Allow-Headers").contains(field));
        }
        BOOST_TEST(!answer.header("Access-Control-Max-Age").empty());
        BOOST_TEST(varies_by_origin(answer));
        BOOST_TEST(answer.body.empty());
        BOOST_TEST(!answer.has("Content-Type"));
        expect_closed("a preflight of another for " + path,
                      preflight(path, "https://evil.example"));
    }
    // A name that is not the server's is none for a preflight either.
    BOOST_TEST(raw("OPTIONS /items", "Host: evil.example\r\nOrigin: " + app +
                                         "\r\nAccess-Control-Request-Method: PUT\r\n")
                   .status == 421);
}

BOOST_AUTO_TEST_CASE(only_the_very_origins_are_allowed) {
    for (const std::string& origin :
         {app, std::string("http://[::1]:3000"), "http://127.0.0.1:" + std::to_string(page_port)}) {
        expect_open(origin, api().get("/items", of(origin)), 200, origin);
        BOOST_TEST(api().post("/items", "{}", of(origin)).status == 201);
        BOOST_TEST(api().post("/items", "{}", of(origin, {"Sec-Fetch-Site: cross-site"})).status ==
                   201);
    }
    for (const std::string origin :
         {"http://app.example", "https://app.example:8443", "https://app.example.evil.example",
          "https://evil.example", "https://appxexample", "https://sub.app.example", "null",
          "https://app.example/", "https://app.example ,https://evil.example", "*",
          "https://evil.example/https://app.example", "http://[::1]:30000", "http://127.0.0.1"}) {
        BOOST_TEST_CONTEXT(origin) {
            for (const std::string path :
                 {"/items", "/items/none", "/openapi.json", "/docs/none"}) {
                expect_closed(path, api().get(path, of(origin)));
            }
            expect_closed("OPTIONS", preflight("/items", origin));
            expect_problem(api().post("/items", "{}", of(origin)), 403);
            expect_problem(api().post("/cache/clear", "", of(origin)), 403);
        }
    }
    expect_problem(api().post("/items", "{}", {"Sec-Fetch-Site: cross-site"}), 403);
    // The server's own pages need no permission.
    BOOST_TEST(api().post("/items", "{}", of(api().base_url())).status == 201);
}

BOOST_AUTO_TEST_CASE(a_client_cannot_allow_itself) {
    for (const auto* name : {"ORIGIN_ALLOWED", "Origin-Allowed", "HTTP_ORIGIN_ALLOWED"}) {
        expect_problem(
            api().post("/items", "{}", of("https://evil.example", {std::string(name) + ": 1"})),
            403);
    }
}

BOOST_AUTO_TEST_CASE(preflights_are_counted) {
    const auto counted = [] {
        const auto text = api().get("/metrics").body;
        const std::string series =
            R"(larder_http_requests_total{route="unknown",method="OPTIONS",status="204"} )";
        const auto at = text.find(series);
        return at == text.npos ? 0 : std::stoi(text.substr(at + series.size()));
    };
    const int before = counted();
    BOOST_TEST(preflight("/items", app).status == 204);
    BOOST_TEST(eventually([&] { return counted() > before; }));
}

BOOST_AUTO_TEST_CASE(pages_in_a_browser) {
    const auto finished = run({"node", LARDER_WEB_TESTS "/cross_origin.mjs", api().base_url(),
                               std::to_string(page_port), std::to_string(free_port())});
    BOOST_TEST(finished.status == 0, finished.output);
}

BOOST_AUTO_TEST_CASE(all_origins_or_none) {
    reload_with("*");
    BOOST_TEST(eventually([] {
        return api().get("/items", of("null")).header("Access-Control-Allow-Origin") == "*";
    }));
    BOOST_TEST(eventually([] { return preflight("/items", "null").status == 204; }));
    expect_open("any origin", api().get("/items", of("https://any.example")), 200, "*");
    BOOST_TEST(!varies_by_origin(api().get("/items")));
    BOOST_TEST(api().post("/items", "{}", of("https://any.example")).status == 201);
    // Given before any field of the head is read.
    expect_open("400", raw("GET /%00", ""), 400, "*");
    expect_open("414", raw("GET /" + std::string(100000, 'a'), ""), 414, "*");
    reload_with("");
    BOOST_TEST(eventually(
        [] { return !api().get("/items", of(app)).has("Access-Control-Allow-Origin"); }));
    expect_closed("a list", api().get("/items", of(app)));
    expect_closed("a preflight", preflight("/items", app));
    BOOST_TEST(!varies_by_origin(api().get("/items", of(app))));
    expect_problem(api().post("/items", "{}", of(app)), 403);
    for (const auto* wrong :
         {"app.example", "https://app.example/", "https://a.example; return 200",
          "https://a.example\n\"~.\" $http_origin", "null", "* *"}) {
        const auto refused = stack().script({"reload"}, {{"CORS_ORIGINS", wrong}});
        BOOST_TEST(refused.status == 1, refused.output);
        BOOST_TEST(refused.output.contains("CORS_ORIGINS"), refused.output);
    }
}

BOOST_AUTO_TEST_CASE(on_what_tokens_decide) {
    const Stack guarded(Environment{{"AUTH", "on"}, {"CORS_ORIGINS", app}});
    const auto made = guarded.script({"token", "create", "--name", "page", "--role", "admin"});
    const auto other = guarded.script({"token", "create", "--name", "other", "--role", "other"});
    const auto bearer_in = [](const Finished& finished) {
        for (const auto& line : lines_in(finished.output)) {
            if (line.starts_with("larder_")) return "Authorization: Bearer " + line;
        }
        throw std::runtime_error(finished.output);
    };
    const auto admin = bearer_in(made);
    const Client& client = guarded.client();
    expect_open("no token", client.get("/items", of(app)), 401);
    expect_open("a bad token", client.get("/items", of(app, {"Authorization: Bearer x"})), 401);
    expect_open("no right", client.get("/items", of(app, {bearer_in(other)})), 403);
    expect_open("a write without a token", client.post("/items", "{}", of(app)), 401);
    expect_open("a write", client.post("/items", "{}", of(app, {admin})), 201);
    Response kept;
    BOOST_TEST(eventually([&] {
        kept = client.get("/items", of(app, {admin}));
        return kept.header("X-Cache") == "HIT";
    }));
    expect_open("a kept list", kept, 200);
    expect_open("a kept list without a token", client.get("/items", of(app)), 401);
    // A preflight has no token.
    expect_open("a preflight",
                client.request("OPTIONS", "/items", {},
                               of(app, {"Access-Control-Request-Method: PUT",
                                        "Access-Control-Request-Headers: authorization"})),
                204);
    expect_problem(client.post("/items", "{}", of("https://evil.example", {admin})), 403);
}

BOOST_AUTO_TEST_CASE(on_outages) {
    reload_with(app);
    BOOST_TEST(
        eventually([] { return api().get("/user", of(app)).has("Access-Control-Allow-Origin"); }));
    const auto path = path_of("/items", create("/items", "{}"));
    stack().stop("postgresql", SIGKILL);
    expect_open("no PostgreSQL", api().post("/items", "{}", of(app)), 503);
    expect_open("not ready", api().get("/health", of(app)), 503);
    const auto workers = stack().pids("worker");
    stack().stop("worker_supervisor", SIGKILL);  // which would start others
    for (const int pid : workers) stack().kill(pid, SIGKILL);
    BOOST_TEST(eventually([&] { return std::ranges::none_of(workers, is_alive); }));
    const auto read = api().get(path, of(app));
    expect_open("no worker: a read", read, read.status);
    const auto write = api().put(path, "{}", of(app));
    expect_open("no worker: a write", write, write.status);
    expect_open("no worker: a preflight", preflight(path, app), 204);
    stack().up();
}
