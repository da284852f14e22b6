// A header that the operator adds to nginx's `server` block is on every answer, whoever gives it:
// a worker, a file, nginx's cache, or nginx itself.
#define BOOST_TEST_MODULE operator_headers
#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <iterator>

#include "fixture.hpp"

using namespace larder::test;
namespace fs = std::filesystem;

namespace {

struct OperatorStack : SharedStack {
    OperatorStack() {
        const fs::path configuration = get().status().at("nginx_conf");
        std::ifstream file(configuration);
        std::string text(std::istreambuf_iterator<char>(file), {});
        const std::string_view server = "server {\n";
        const auto at = text.find(server);
        if (at == text.npos) throw std::runtime_error("nginx.conf has no server block");
        text.insert(at + server.size(), "add_header X-Operator \"of the house\" always;\n");
        std::ofstream(configuration) << text;
        // Not `reload`, which would write the file anew. The first process takes the signal for
        // all.
        get().kill(get().pids("nginx").front(), SIGHUP);
        // The former processes may answer for a while.
        for (int in_a_row = 0; in_a_row < 20;) {
            in_a_row = get().client().get("/user").has("X-Operator") ? in_a_row + 1 : 0;
        }
    }
};

void expect_header(const std::string& what, const Response& answer, int status) {
    BOOST_TEST_CONTEXT(what) {
        BOOST_TEST(answer.status == status);
        BOOST_TEST(answer.header("X-Operator") == "of the house");
        BOOST_TEST(answer.headers.count("X-Operator") == 1U);
    }
}

/// Of a request that libcurl would not send as it is.
Response raw(const std::string& request_line, const std::string& headers = "Host: localhost\r\n") {
    return parse_response(
        api().raw({request_line + " HTTP/1.1\r\n" + headers + "Connection: close\r\n\r\n"}));
}

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(OperatorStack);

BOOST_AUTO_TEST_CASE(on_lists_cold_and_cached) {
    create("/items", "{}");
    create("/employees", employee("A"));
    for (const std::string list : {"/items", "/employees", "/employees/high-salary",
                                   "/employees?limit=5", "/items?limit=5"}) {
        const auto first = api().get(list);
        expect_header(list + ", cold", first, 200);
        BOOST_TEST(first.header("X-Cache") == "MISS");
        Response cached;
        BOOST_TEST(eventually([&] {
            cached = api().get(list);
            return cached.header("X-Cache") == "HIT";
        }));
        expect_header(list + ", cached", cached, 200);
        expect_header(list + ", reloaded", api().get(list, {"Cache-Control: no-cache"}), 200);
        expect_header(list + ", HEAD", api().head(list), 200);
    }
}

BOOST_AUTO_TEST_CASE(on_what_workers_answer) {
    const auto record = create("/items", "{}");
    const auto path = path_of("/items", record);
    expect_header("a record", api().get(path), 200);
    expect_header("304", api().get(path, {"If-None-Match: " + api().get(path).header("ETag")}),
                  304);
    expect_header("a new record", api().post("/items", "{}"), 201);
    expect_header("a change", api().put(path, "{}"), 200);
    expect_header("a refused body", api().post("/items", "["), 400);
    expect_header("404", api().get("/items/none"), 404);
    expect_header("405", api().put("/items", "{}"), 405);
    expect_header("412", api().put(path, "{}", {"If-Match: \"x\""}), 412);
    expect_header("OPTIONS", api().options("/items"), 204);
    expect_header("a greeting", api().get("/user"), 200);
    expect_header("the welcome line", api().get("/"), 200);
    expect_header("health", api().get("/health"), 200);
    expect_header("the metrics", api().get("/metrics"), 200);
}

BOOST_AUTO_TEST_CASE(on_files) {
    for (const std::string page : {"/openapi.json", "/docs", "/redoc", "/status"}) {
        const auto answer = api().get(page);
        expect_header(page, answer, 200);
        expect_header(page + ", 304", api().get(page, {"If-None-Match: " + answer.header("ETag")}),
                      304);
        expect_header(page + ", misspelt", api().get(page + "?x=1"), 422);
        expect_header(page + ", POST", api().post(page, "{}"), 405);
    }
    expect_header("a file that is not there", api().get("/docs/none.js"), 404);
}

BOOST_AUTO_TEST_CASE(on_errors_of_nginx_itself) {
    expect_header("400", raw("GET /%00"), 400);
    expect_header("400 without Host", raw("GET /items", ""), 400);
    expect_header("414", raw("GET /" + std::string(100000, 'a')), 414);
    expect_header("421", raw("GET /items", "Host: elsewhere.example\r\n"), 421);
    expect_header("431",
                  raw("GET /items", "Host: localhost\r\nX: " + std::string(100000, 'a') + "\r\n"),
                  431);
    expect_header("413", api().post("/items", std::string(2'000'000, ' ')), 413);
    expect_header("501", raw("POST /items", "Host: localhost\r\nTransfer-Encoding: x\r\n"), 501);
}

BOOST_AUTO_TEST_CASE(on_outages) {
    const auto path = path_of("/items", create("/items", "{}"));
    stack().stop("postgresql", SIGKILL);
    expect_header("no PostgreSQL", api().post("/items", "{}"), 503);
    expect_header("not ready", api().get("/health"), 503);
    const auto workers = stack().pids("worker");
    stack().stop("worker_supervisor", SIGKILL);  // which would start others
    for (const int pid : workers) stack().kill(pid, SIGKILL);
    BOOST_TEST(eventually([&] { return std::ranges::none_of(workers, is_alive); }));
    for (const auto& [what, answer] : {std::pair("no worker: a read", api().get(path)),
                                       std::pair("no worker: a write", api().put(path, "{}"))}) {
        BOOST_TEST(answer.status >= 500, what);
        expect_header(what, answer, answer.status);
    }
    stack().up();
}
