// Imports over HTTP: a POST whose body is a stream.
#define BOOST_TEST_MODULE import_http
#include <algorithm>
#include <csignal>
#include <future>
#include <memory>

#include "invoicing.hpp"
#include "support/raw_socket.hpp"
#include "support/worker_state.hpp"

using namespace larder::test;
using namespace larder::test::invoicing;

namespace {

/// One worker, so that its import threads and its memory are known.
struct ImportStack : Sources, SharedStack {
    ImportStack()
        : SharedStack({{"RESOURCES_DIR", resources()}, {"LARDER_SQL", sql()}, {"WORKERS", "1"}}) {}
};

const HeaderLines csv = {"Content-Type: text/csv; charset=utf-8"};
const HeaderLines ndjson = {"Content-Type: application/x-ndjson"};

/// What an answer says of the rows: created, changed, skipped, failed.
std::string counts_in(const Response& response) {
    const Json body = expect_json(response, 200);
    std::string text;
    for (const auto* name : {"created", "changed", "skipped", "failed"}) {
        text += (text.empty() ? "" : " ") + body[name].text();
    }
    return text;
}

std::string named(const std::string& prefix) {
    return stack().database().value("SELECT count(*) FROM public.customers WHERE name LIKE $1",
                                    {prefix + "%"});
}

std::string rows(const std::string& prefix, int first, int count) {
    std::string text;
    for (int i = first; i < first + count; ++i) {
        const auto number = std::to_string(i);
        text += prefix + number + ',' + prefix + number + "@example.org\n";
    }
    return text;
}

/// An import whose body is sent in parts.
class Stream {
public:
    explicit Stream(const std::string& query = "", const std::string& path = "/customers",
                    const std::string& type = "text/csv")
        : socket_(Address::of_url(api().base_url())) {
        socket_.send("POST " + path + query +
                     " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nContent-Type: " + type +
                     "\r\nTransfer-Encoding: chunked\r\n\r\n");
    }
    void send(const std::string& part) {
        char size[32];
        std::snprintf(size, sizeof size, "%zx\r\n", part.size());
        BOOST_TEST(socket_.send(size + part + "\r\n", std::chrono::seconds(60)));
    }
    void hang_up() { socket_.close(); }
    Response finish() {
        socket_.send("0\r\n\r\n");
        return answer();
    }
    Response answer() { return parse_response(socket_.receive_all(std::chrono::seconds(60))); }

private:
    RawSocket socket_;
};

std::string sessions(const std::string& condition) {
    return stack().database().value(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE 'larder-worker%' AND " +
        condition);
}

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(ImportStack);

BOOST_AUTO_TEST_CASE(rows_become_records) {
    auto answer = api().post("/customers", "name;email\r\n\"Ann; A.\";a1@x\r\nBob;\r\n", csv);
    BOOST_TEST(counts_in(answer) == "2 0 0 0");
    BOOST_TEST(answer.header("Content-Type") == "application/json");
    answer = api().post("/customers", "{\"name\":\"Cid\",\"email\":\"a2@x\"}\n{\"name\":1}\n[]\n",
                        ndjson);
    BOOST_TEST(counts_in(answer) == "1 0 0 2");
    const Json errors = expect_json(answer, 200)["errors"];
    BOOST_TEST(errors.element(0)["line"].text() == "2");
    BOOST_TEST(errors.element(0)["pointer"].text() == "/name");
    BOOST_TEST(errors.element(0)["detail"].text() == "must be a string");
    BOOST_TEST(errors.element(1)["line"].text() == "3");
    answer =
        api().post("/customers?on_conflict=skip&key=email", "name,email\nx,a1@x\ny,a3@x\n", csv);
    BOOST_TEST(counts_in(answer) == "1 0 1 0");
    answer = api().post("/customers?on_conflict=update&key=email", "name,email\nEve,a1@x\n", csv);
    BOOST_TEST(counts_in(answer) == "0 1 0 0");
    BOOST_TEST(named("Eve") == "1");
    answer = api().post("/customers?dry_run=true", "name\nTrial\n", csv);
    BOOST_TEST(counts_in(answer) == "1 0 0 0");
    answer = api().post("/customers?all=true", "name\nTrial\n\"\"x\n", csv);
    BOOST_TEST(counts_in(answer) == "0 0 0 1");
    BOOST_TEST(named("Trial") == "0");
    // A request with a JSON body follows over the same connection.
    expect_json(api().post("/customers", R"({"name": "Plain"})"), 201);
}

BOOST_AUTO_TEST_CASE(what_cannot_be_imported_is_refused_whole) {
    const auto before = count("customers");
    expect_problem(api().post("/customers", "name,colour\nx,y\n", csv), 422, {"/colour"});
    expect_problem(api().post("/customers", "", csv), 422);
    expect_problem(api().post("/customers", "\xFF\xFEn", csv), 400);
    expect_problem(api().post("/customers", "name,em\xFF\nx,y\n", csv), 400);
    for (const std::string parameter :
         {"what=1", "on_conflict=no", "key=email", "all=maybe", "on_conflict=", "key="}) {
        const auto answer = api().post("/customers?" + parameter, "name\nx\n", csv);
        BOOST_TEST(answer.status == 422);
        BOOST_TEST(Json::parse(answer.body)["errors"].element(0)["parameter"].text() ==
                   parameter.substr(0, parameter.find('=')));
    }
    const auto no_columns = api().post("/items", "name\nx\n", csv);
    expect_problem(no_columns, 415);
    BOOST_TEST(no_columns.header("Accept-Post") == "application/json, application/x-ndjson");
    expect_problem(api().post("/customers", "name\nx\n", {"Content-Type: text/csv2"}), 415);
    expect_problem(api().put("/customers/" + std::string(unknown_uuid), "name\nx\n", csv), 415);
    expect_problem(
        api().post("/customers", "name\nx\n", {"Content-Type: text/csv", "Content-Encoding: gzip"}),
        415);
    for (const std::string query : {"all=false", "dry_run=true&all=true"}) {
        const auto answer = api().post("/customers?" + query, "name\nx\n",
                                       {"Content-Type: text/csv", "Idempotency-Key: \"k\""});
        BOOST_TEST(answer.status == 422);
        BOOST_TEST(Json::parse(answer.body)["errors"].element(0)["parameter"].text() ==
                   query.substr(0, query.find('=')));
    }
    expect_problem(api().post("/nothing", "name\nx\n", csv), 404);
    expect_problem(api().post("/customers", "name\nx\n",
                              {"Content-Type: text/csv", "Origin: https://x.example"}),
                   403);
    BOOST_TEST(count("customers") == before);
}

BOOST_AUTO_TEST_CASE(a_path_that_takes_no_import_takes_no_long_body) {
    for (const std::string type : {"text/csv", "application/x-ndjson", "application/json"}) {
        Stream stream("", "/cache/clear", type);
        for (int i = 0; i < 17; ++i) stream.send(std::string(65536, 'x'));
        expect_problem(stream.finish(), 413);
    }
}

BOOST_AUTO_TEST_CASE(a_refusal_reaches_a_client_that_sends_much) {
    const std::string much = "name,colour\n" + std::string(20U << 20U, 'x');
    for (int i = 0; i < 3; ++i) {
        expect_problem(api().post("/customers", much, csv), 422, {"/colour"});
        expect_problem(api().post("/nothing", much, csv), 404);
    }
    BOOST_TEST(counts_in(api().post("/customers", "name\nAfter refusals\n", csv)) == "1 0 0 0");
}

BOOST_AUTO_TEST_CASE(a_body_of_any_length_is_taken_in_constant_memory) {
    const auto before = resident_memory(stack().pids("worker").front());
    Stream stream;
    stream.send("name,email\n");
    std::size_t sent = 0;
    int next = 0;
    const std::string name(2000, 'n');
    while (sent < (50U << 20U)) {
        std::string part;
        for (int i = 0; i < 100; ++i) {
            part += "Large-" + name + ",large" + std::to_string(next++) + "@example.org\n";
        }
        sent += part.size();
        stream.send(part);
    }
    BOOST_TEST(counts_in(stream.finish()) == std::to_string(next) + " 0 0 0");
    const auto after = resident_memory(stack().pids("worker").front());
    BOOST_TEST_MESSAGE("the worker had " << before << " KiB, and has " << after);
    BOOST_TEST(after < 64U * 1024);
    stack().database().query("DELETE FROM public.customers WHERE name LIKE 'Large-%'");
}

BOOST_AUTO_TEST_CASE(reads_are_right_at_every_moment) {
    Stream stream;
    stream.send("name,email\n" + rows("Live-", 0, 6000));
    BOOST_TEST(eventually([] { return named("Live-") == "5000"; }));
    const auto listed = [] {
        const Json all = expect_json(api().get("/customers"), 200);
        return std::ranges::count_if(all.elements(), [](const Json& one) {
            return one["name"].text().starts_with("Live-");
        });
    };
    BOOST_TEST(listed() == 5000);
    const auto first = stack().database().value(
        "SELECT id FROM public.customers WHERE email = 'Live-0@example.org'");
    warm("/customers/" + first);
    // Others write meanwhile.
    expect_json(api().post("/customers", R"({"name": "Live-other"})"), 201);
    BOOST_TEST(listed() == 5001);
    BOOST_TEST(counts_in(stream.finish()) == "6000 0 0 0");
    BOOST_TEST(listed() == 6001);
    BOOST_TEST(api().get("/customers/" + first).header("X-Cache") == "HIT");
}

BOOST_AUTO_TEST_CASE(whoever_hangs_up_ends_the_import) {
    {
        Stream stream;
        stream.send("name,email\n" + rows("Gone-", 0, 6000));
        BOOST_TEST(eventually([] { return named("Gone-") == "5000"; }));
    }
    Stream all("?all=true");
    all.send("name,email\n" + rows("Never-", 0, 6000));
    BOOST_TEST(eventually([] { return sessions("state = 'idle in transaction'") == "1"; }));
    all.hang_up();
    BOOST_TEST(eventually([] { return sessions("state = 'idle in transaction'") == "0"; }));
    BOOST_TEST(named("Never-") == "0");
    BOOST_TEST(named("Gone-") == "5000");
    const auto again = api().post("/customers?on_conflict=skip&key=email",
                                  "name,email\n" + rows("Gone-", 0, 6000), csv);
    BOOST_TEST(counts_in(again) == "1000 0 5000 0");
}

BOOST_AUTO_TEST_CASE(a_third_import_at_a_time_is_told_to_wait) {
    const auto threads = [] {
        const auto pid = std::to_string(stack().pids("worker").front());
        const fs::directory_iterator tasks("/proc/" + pid + "/task");
        return std::distance(begin(tasks), end(tasks));
    };
    const auto at_rest = threads();
    // Each has a thread that reads and one that writes.
    Stream first;
    first.send("name\nBusy\n");
    BOOST_TEST(eventually([&] { return threads() == at_rest + 2; }));
    Stream second;
    second.send("name\nBusy\n");
    BOOST_TEST(eventually([&] { return threads() == at_rest + 4; }));
    const auto refused = api().post("/customers", "name\nBusy too\n", csv);
    expect_problem(refused, 503);
    BOOST_TEST(refused.has("Retry-After"));
    // Other requests go on.
    expect_json(api().post("/customers", R"({"name": "Not busy"})"), 201);
    BOOST_TEST(counts_in(first.finish()) == "1 0 0 0");
    BOOST_TEST(counts_in(second.finish()) == "1 0 0 0");
    BOOST_TEST(
        eventually([] { return api().post("/customers", "name\nIdle\n", csv).status == 200; }));
}

BOOST_AUTO_TEST_CASE(a_restart_ends_an_import_with_an_answer_that_tells_what_stays) {
    Stream stream;
    stream.send("name,email\n" + rows("Restart-", 0, 6000));
    BOOST_TEST(eventually([] { return named("Restart-") == "5000"; }));
    auto restarted =
        std::async(std::launch::async, [] { return stack().script({"restart-workers"}); });
    const auto answer = stream.answer();
    BOOST_TEST(restarted.get().status == 0);
    const Json problem = expect_problem(answer, 503);
    BOOST_TEST(problem["detail"].text().contains("5000 rows were created"));
    BOOST_TEST(answer.has("Retry-After"));
    BOOST_TEST(named("Restart-") == "5000");
}

BOOST_AUTO_TEST_CASE(with_a_key_all_rows_are_imported_once) {
    const HeaderLines keyed = {"Content-Type: text/csv", "Idempotency-Key: \"import-1\""};
    const std::string path = "/customers?all=true";
    const auto body = "name,email\n" + rows("Once-", 0, 6000);
    // What fails writes nothing, and nothing is kept of it.
    const auto broken = body + "Once-x,once-0@example.org,\n";
    BOOST_TEST(counts_in(api().post(path, broken, keyed)) == "0 0 0 1");
    const auto first = api().post(path, body, keyed);
    BOOST_TEST(counts_in(first) == "6000 0 0 0");
    BOOST_TEST(!first.has("Idempotent-Replayed"));
    for (int i = 0; i < 2; ++i) {
        const auto again = api().post(path, body, keyed);
        BOOST_TEST(again.status == first.status);
        BOOST_TEST(again.body == first.body);
        BOOST_TEST(again.header("Content-Type") == first.header("Content-Type"));
        BOOST_TEST(again.header("Idempotent-Replayed") == "true");
    }
    expect_problem(api().post(path, body + "Once-y,once-y@example.org\n", keyed), 422);
    BOOST_TEST(named("Once-") == "6000");
}

BOOST_AUTO_TEST_CASE(a_trial_of_all_or_none_says_what_the_import_would) {
    const std::string body = "name,email\nTrial-1,trial-1@example.org\nTrial-2,a,b\n";
    BOOST_TEST(counts_in(api().post("/customers?all=true&dry_run=true", body, csv)) == "0 0 0 1");
    BOOST_TEST(counts_in(api().post("/customers?all=true", body, csv)) == "0 0 0 1");
    BOOST_TEST(named("Trial-") == "0");
}

BOOST_AUTO_TEST_CASE(a_record_as_large_as_one_can_get_is_imported) {
    // PostgreSQL puts a space behind each comma.
    std::string body = R"({"a":[1)";
    while (body.size() < 1000000) body += ",1";
    const auto id = create("/items", body + "]}")["id"].text();
    const auto exported = api().get("/items?id=" + id, {"Accept: application/x-ndjson"}).body;
    BOOST_TEST(exported.size() > 1048576U);
    BOOST_TEST(api().del("/items/" + id).status == 200);
    BOOST_TEST(counts_in(api().post("/items", exported, ndjson)) == "1 0 0 0");
    BOOST_TEST((api().get("/items?id=" + id, {"Accept: application/x-ndjson"}).body == exported));
    // Not what would be larger still.
    const std::string longer = R"({"a":")" + std::string(4300000, 'x') + "\"}\n";
    BOOST_TEST(counts_in(api().post("/items", longer, ndjson)) == "0 0 0 1");
    BOOST_TEST(api().del("/items/" + id).status == 200);
}

BOOST_AUTO_TEST_CASE(of_two_imports_with_one_key_one_is_told_to_wait) {
    const HeaderLines keyed = {"Content-Type: text/csv", "Idempotency-Key: \"import-2\""};
    Stream stream("?all=true", "/customers", "text/csv\r\nIdempotency-Key: \"import-2\"");
    const auto body = "name,email\n" + rows("Twin-", 0, 6000);
    stream.send(body);
    BOOST_TEST(eventually([] { return sessions("backend_xid IS NOT NULL") == "1"; }));
    const auto second = api().post("/customers?all=true", body, keyed);
    expect_problem(second, 409);
    BOOST_TEST(second.header("Retry-After") == "1");
    BOOST_TEST(counts_in(stream.finish()) == "6000 0 0 0");
    BOOST_TEST(api().post("/customers?all=true", body, keyed).header("Idempotent-Replayed") ==
               "true");
    BOOST_TEST(named("Twin-") == "6000");
}

BOOST_AUTO_TEST_CASE(postgresql_away_is_503_and_what_was_written_stays) {
    Stream stream;
    stream.send("name,email\n" + rows("Away-", 0, 6000));
    BOOST_TEST(eventually([] { return named("Away-") == "5000"; }));
    stack().stop("postgresql", SIGINT);
    stream.send(rows("Away-", 6000, 6000));
    const auto answer = stream.finish();
    stack().up();
    const Json problem = expect_problem(answer, 503);
    BOOST_TEST(problem["detail"].text().contains("5000 rows were created"));
    BOOST_TEST(named("Away-") == "5000");
}

BOOST_AUTO_TEST_CASE(an_import_that_changes_is_sent_again_as_it_was) {
    Stream stream("?on_conflict=update&key=email");
    stream.send("name,email\n" + rows("Again-", 0, 1200));
    BOOST_TEST(eventually([] { return named("Again-") == "1000"; }));
    stack().stop("postgresql", SIGINT);
    const auto answer = stream.finish();
    stack().up();
    const Json problem = expect_problem(answer, 503);
    // With skip, the records that are there would keep what they have.
    BOOST_TEST(problem["detail"].text().contains("send the same again, and"));
}
