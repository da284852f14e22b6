// Log lines as JSON, and the way of a request's ids: from nginx, and from the client's traceparent,
// into the log lines of a worker, the access log, and PostgreSQL's application_name. The text form
// and the defaults are in logs_text.cpp.
#define BOOST_TEST_MODULE logs
#include "fixture.hpp"

#include <algorithm>
#include <fstream>
#include <regex>
#include <set>
#include <thread>

using namespace larder::test;

namespace {

struct Everything : SharedStack {
    Everything()
        : SharedStack({{"LOG_FORMAT", "json"},
                       {"ACCESS_LOG", "true"},
                       {"TRACE_READS", "true"},
                       {"DATABASE_REQUEST_ID", "true"},
                       {"DEBUG", "true"}}) {}
};

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(Everything);

namespace {

const std::string trace = "0af7651916cd43dd8448eb211c80319c";
const std::string span = "b7ad6b7169203331";
const HeaderLines traced = {"traceparent: 00-" + trace + '-' + span + "-01"};

std::vector<Json> lines_of(const std::string& log) {
    std::vector<Json> lines;
    std::ifstream file(stack().directory() / "stack" / "logs" / log);
    for (std::string line; std::getline(file, line);) {
        auto json = Json::parse(line);
        BOOST_TEST_CONTEXT(log << ": " << line) {
            for (const auto* name : {"time", "level", "program", "event"}) {
                BOOST_TEST(json[name].is(Json::Kind::string));
            }
            BOOST_TEST(json["pid"].is(Json::Kind::number));
        }
        lines.push_back(std::move(json));
    }
    return lines;
}

/// The line of an event with these members, once it is there; missing if it never comes.
Json line_with(const std::string& log, const std::string& event,
               const std::map<std::string, std::string>& members) {
    Json found;
    (void)eventually([&] {
        for (const auto& line : lines_of(log)) {
            const bool is_it = line["event"].text() == event &&
                               std::ranges::all_of(members, [&](const auto& member) {
                                   return line[member.first].text() == member.second;
                               });
            if (is_it) found = line;
        }
        return found.is(Json::Kind::object);
    });
    BOOST_TEST_CONTEXT(log << ' ' << event) { BOOST_TEST(found.is(Json::Kind::object)); }
    return found;
}

std::string id_of(const Response& response) {
    const auto id = response.header("X-Request-Id");
    BOOST_TEST(std::regex_match(id, std::regex("[0-9a-f]{32}")), id);
    BOOST_TEST(response.headers.count("X-Request-Id") == 1U);
    return id;
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_line_of_every_program_is_an_object) {
    (void)api().get("/items");
    for (const auto* log : {"worker.log", "feed.log", "access.log"}) {
        BOOST_TEST(eventually([&] { return !lines_of(log).empty(); }));
    }
}

BOOST_AUTO_TEST_CASE(every_answer_has_an_id_of_its_own) {
    const auto path = path_of("/items", create("/items", "{}"));
    std::set<std::string> ids;
    for (int i = 0; i < 3; ++i) {
        for (const auto& target : {path, std::string("/items"), std::string("/items?limit=3"),
                                   std::string("/user"), std::string("/nowhere")}) {
            BOOST_TEST(ids.insert(id_of(api().get(target))).second);
        }
        BOOST_TEST(ids.insert(id_of(api().put(path, "{}"))).second);
        BOOST_TEST(ids.insert(id_of(api().post("/items", "nonsense"))).second);
    }
    const auto refused = parse_response(api().raw({"GET / HTTP/1.1\r\nConnection: close\r\n\r\n"}));
    BOOST_TEST(ids.insert(id_of(refused)).second);
    // nginx's id, never the client's.
    const auto response = api().get("/user", {"X-Request-Id: mine"});
    BOOST_TEST(id_of(response) != "mine");
}

BOOST_AUTO_TEST_CASE(the_lines_of_a_request_bear_its_ids) {
    const auto path = path_of("/products", create("/products", product("A")));
    const auto written = id_of(api().put(path, R"({"price": 3})", traced));
    const auto missed = id_of(api().get(path, traced));
    const auto hit = id_of(api().get(path));
    line_with("worker.log", "cache_invalidated", {{"request", written}, {"trace", trace}});
    line_with("worker.log", "cache_filled", {{"request", missed}, {"trace", trace}});
    line_with("worker.log", "cache_read",
              {{"request", missed}, {"trace", trace}, {"cache", "MISS"}});
    const auto last = line_with("worker.log", "cache_read", {{"request", hit}, {"cache", "HIT"}});
    BOOST_TEST(!last.contains("trace"));
    line_with("access.log", "request",
              {{"request", written}, {"trace", trace}, {"method", "PUT"}, {"status", "200"}});
    line_with("access.log", "request",
              {{"request", hit}, {"trace", ""}, {"cache", "HIT"}, {"client", "127.0.0.1"}});
}

BOOST_AUTO_TEST_CASE(postgresql_knows_which_request_is_at_work) {
    const auto record = create("/products", product("A"));
    const auto path = path_of("/products", record);
    auto holder = stack().database();
    auto watcher = stack().database();
    for (const bool has_trace : {false, true}) {
        holder.query("BEGIN");
        holder.query("UPDATE products SET price = 7 WHERE id = '" + record["id"].text() + "'");
        Response response;
        std::jthread client([&] {
            response = api().put(path, R"({"price": 9})", has_trace ? traced : HeaderLines{});
        });
        std::string name;
        BOOST_TEST(eventually([&] {
            const auto rows = watcher.query(
                "SELECT application_name FROM pg_stat_activity WHERE wait_event_type = 'Lock'");
            if (!rows.empty()) name = rows.front().front();
            return !rows.empty();
        }));
        holder.query("ROLLBACK");
        client.join();
        BOOST_TEST(response.status == 200);
        BOOST_TEST(name == "larder-worker/" + (has_trace ? trace + '/' + span : id_of(response)));
    }
}

BOOST_AUTO_TEST_CASE(no_client_can_forge_a_line) {
    const std::string paths[] = {"/user/forger%0A{%22event%22:%22forged%22}",
                                 "/user/forger\"},{\"event\":\"forged",
                                 "/user/forger\\\",\"event\":\"forged",
                                 "/user/forger\xFF\xFE\xC2\x85", "/items/forger%22%0d%0a"};
    const auto lines_of_forger = [] {
        return std::ranges::count_if(lines_of("access.log"), [](const Json& line) {
            const auto& uri = line["uri"].text();
            return uri.contains("forger") || uri == "(not ASCII)";
        });
    };
    for (const auto& path : paths) {
        (void)api().raw({"GET " + path +
                         " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"
                         "traceparent: 00-" +
                         trace + "\",\"event\":\"forged\r\n\r\n"});
    }
    BOOST_TEST(eventually([&] { return lines_of_forger() >= 5; }));
    BOOST_TEST(lines_of_forger() == 5);
    for (const auto* log : {"worker.log", "access.log"}) {
        for (const auto& line : lines_of(log)) {
            BOOST_TEST(line["event"].text() != "forged");
            BOOST_TEST(std::ranges::count(line.names(), "event") == 1);
            BOOST_TEST((line["trace"].text().empty() || line["trace"].text() == trace));
        }
    }
}
