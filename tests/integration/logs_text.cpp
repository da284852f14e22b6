// Log lines as key=value, and what has a request id where no setting asks for more: every answer
// but those of caches. JSON and the way into PostgreSQL are in logs.cpp.
#define BOOST_TEST_MODULE logs_text
#include "fixture.hpp"

#include <csignal>
#include <fstream>
#include <regex>
#include <set>

using namespace larder::test;

namespace {

struct WithAccessLog : SharedStack {
    WithAccessLog() : SharedStack(Environment{{"ACCESS_LOG", "true"}}) {}
};

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(WithAccessLog);

namespace {

std::vector<std::string> lines_of(const std::string& log) {
    std::vector<std::string> lines;
    std::ifstream file(stack().directory() / "stack" / "logs" / log);
    const std::regex form(
        "time=[^ \"]+ level=[a-z]+ program=[a-z-]+ pid=[0-9]+ event=[a-z_]+"
        "( [a-z_]+=(\"([^\"\\\\]|\\\\.)*\"|[^ \"]*))*");
    for (std::string line; std::getline(file, line);) {
        BOOST_TEST(std::regex_match(line, form), log << ": " << line);
        lines.push_back(line);
    }
    return lines;
}

bool is_logged(const std::string& log, std::initializer_list<std::string_view> parts) {
    return eventually([&] {
        return std::ranges::any_of(lines_of(log), [&](const std::string& line) {
            return std::ranges::all_of(parts, [&](auto part) { return line.contains(part); });
        });
    });
}

std::string clear_id() { return api().post("/cache/clear", "").header("X-Request-Id"); }

}  // namespace

BOOST_AUTO_TEST_CASE(every_line_of_every_program_has_the_form) {
    (void)api().get("/items");
    for (const auto* log : {"worker.log", "feed.log", "access.log"}) {
        BOOST_TEST(eventually([&] { return !lines_of(log).empty(); }));
    }
    BOOST_TEST(is_logged("worker.log", {" program=larder-worker ", " event=started "}));
    BOOST_TEST(is_logged("access.log", {" program=nginx ", " uri=\"/items\" ", " status=200 "}));
}

BOOST_AUTO_TEST_CASE(answers_of_caches_have_no_id_and_all_others_one) {
    const auto path = path_of("/products", create("/products", product("A")));
    std::set<std::string> ids = {clear_id()};
    const auto missed = api().get(path);
    BOOST_TEST(missed.header("X-Cache") == "MISS");
    const auto hit = api().get(path);
    BOOST_TEST(hit.header("X-Cache") == "HIT");
    BOOST_TEST(!hit.has("X-Request-Id"));
    // What nginx keeps would give the id of one request to many.
    for (const auto* outcome : {"MISS", "HIT"}) {
        const auto list = api().get("/products");
        BOOST_TEST(list.header("X-Cache") == outcome);
        BOOST_TEST(!list.has("X-Request-Id"));
    }
    const auto written = api().put(path, R"({"price": 2})");
    const auto refused = api().get("/products?limit=0");
    const auto absent = api().get("/products/" + std::string(unknown_uuid));
    for (const auto* response : {&missed, &written, &refused, &absent}) {
        const auto id = response->header("X-Request-Id");
        BOOST_TEST(std::regex_match(id, std::regex("[0-9a-f]{32}")), id);
        BOOST_TEST(ids.insert(id).second);
        BOOST_TEST(is_logged("access.log", {" request=" + id + ' '}));
    }
}

BOOST_AUTO_TEST_CASE(a_failure_is_found_by_the_id_of_its_answer) {
    stack().stop("postgresql", SIGINT);
    const auto response = api().get("/products/" + std::string(unknown_uuid));
    BOOST_TEST(response.status == 503);
    const auto id = response.header("X-Request-Id");
    BOOST_TEST(!id.empty());
    // Those who come a moment later are answered without another try, and so without a reason.
    stack().up();
    BOOST_TEST(is_logged("access.log", {" status=503 ", " request=" + id + ' '}));
    BOOST_TEST(is_logged("worker.log", {" event=request_failed ", " request="}));
}

BOOST_AUTO_TEST_CASE(no_client_can_forge_a_line) {
    const std::string paths[] = {"/user/forger%0Atime=x%20event=forged",
                                 "/user/forger\"event=forged\"", "/user/forger\\\"event=forged",
                                 "/user/forger\xFF\xC2\x85\xE2\x80\xA8"};
    const auto lines_of_forger = [] {
        return std::ranges::count_if(lines_of("access.log"), [](const std::string& line) {
            return line.contains("forger");
        });
    };
    for (const auto& path : paths) {
        (void)api().raw({"GET " + path +
                         " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                         "traceparent: 00-x event=forged\r\n\r\n"});
    }
    BOOST_TEST(eventually([&] { return lines_of_forger() >= 4; }));
    BOOST_TEST(lines_of_forger() == 4);
    const std::regex quoted("\"([^\"\\\\]|\\\\.)*\"");
    for (const auto& line : lines_of("access.log")) {
        const auto bare = std::regex_replace(line, quoted, "");
        BOOST_TEST(!bare.contains("forged"), line);
    }
}
