// docs/bulk.md, "Export": lists as CSV and as NDJSON. What CSV says is read by another program,
// PostgreSQL's COPY, and compared with what JSON says.
#define BOOST_TEST_MODULE export
#include <algorithm>
#include <ranges>

#include "exporting.hpp"
#include "support/raw_socket.hpp"
#include "support/worker_state.hpp"

using namespace larder::test;
using namespace larder::test::exporting;
using namespace std::chrono_literals;

namespace {

/// The path in `Link`; empty: there is none.
std::string next_of(const Response& response) {
    const std::string link = response.header("Link");
    return link.empty() ? "" : link.substr(1, link.find('>') - 1);
}

/// All pages of a list as NDJSON.
std::string lines_of_pages(std::string path) {
    std::string lines;
    while (!path.empty()) {
        const auto page = api().get(path);
        BOOST_REQUIRE(page.status == 200);
        if (page.body != "[]") lines += page.body.substr(1, page.body.size() - 2) + ",";
        path = next_of(page);
    }
    // No text of these tests has this between two records.
    for (auto at = lines.find("},{\"id\":"); at != lines.npos; at = lines.find("},{\"id\":", at)) {
        lines[at + 1] = '\n';
    }
    if (!lines.empty()) lines.back() = '\n';
    return lines;
}

/// The rows of a CSV file, as COPY reads them into columns of text.
void copy_into(Database& database, const std::string& text) {
    const auto file = stack().directory() / "export.csv";
    std::ofstream(file, std::ios::binary) << text;
    std::string columns = text.substr(0, text.find("\r\n"));
    std::string definition;
    for (const auto word : std::views::split(columns, ',')) {
        definition += (definition.empty() ? "\"" : ", \"") + std::string(word.begin(), word.end()) +
                      "\" text";
    }
    database.query("DROP TABLE IF EXISTS pg_temp.copied");
    database.query("CREATE TEMPORARY TABLE copied (" + definition + ")");
    database.query("COPY copied FROM '" + file.string() + "' WITH (FORMAT csv, HEADER MATCH)");
}

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(ExportStack);

BOOST_AUTO_TEST_CASE(every_type_says_the_same_in_each_form) {
    for (unsigned seed = 1; seed <= 3; ++seed) {
        BOOST_TEST_CONTEXT("seed " << seed) {
            insert_samples(seed, 130);
            const std::string lines = exported("/samples", ndjson);
            std::string pages = lines_of_pages("/samples?limit=50");
            BOOST_TEST(std::ranges::count(lines, '\n') == 130);
            // A record of one line: in `old`, line breaks between tokens have become blanks.
            std::ranges::replace(pages, '\r', ' ');
            const auto unbroken = [](std::string text) {
                for (auto at = text.find("\n"); at != text.npos; at = text.find("\n", at + 1)) {
                    if (!std::string_view(text).substr(at + 1).starts_with("{\"id\":") &&
                        at + 1 != text.size()) {
                        text[at] = ' ';
                    }
                }
                return text;
            };
            BOOST_TEST(lines == unbroken(pages));

            const std::string table = exported("/samples", csv);
            BOOST_TEST(
                table.starts_with("id,text,note,padded,integer,decimal,boolean,date,"
                                  "timestamp,datetime,float,uuid,state,json,old,tags,above"
                                  "\r\n"));
            auto database = stack().database();
            copy_into(database, table);
            std::string array = "[" + lines;
            std::ranges::replace(array, '\n', ',');
            array.back() = ']';
            const auto different = database.value(
                "SELECT coalesce(string_agg(r.value ->> 'id' || ' ' || m.key || ': ' || "
                "m.value::text"
                " || ' is not ' || coalesce(to_jsonb(c) ->> m.key, 'null'), E'\\n'), '')"
                " FROM json_array_elements($1::json) AS r, json_each(r.value) AS m,"
                " pg_temp.copied AS c WHERE c.id = r.value ->> 'id' AND"
                // Whatever is no text, is its JSON.
                " CASE WHEN m.key IN ('json', 'old') THEN nullif(m.value::text, 'null')"
                " ELSE r.value ->> m.key END"
                " IS DISTINCT FROM CASE WHEN m.key = 'old' THEN"
                " translate(to_jsonb(c) ->> m.key, E'\\r\\n', '  ')"
                " ELSE to_jsonb(c) ->> m.key END",
                {array});
            BOOST_TEST(different == "");
            BOOST_TEST(database.value("SELECT count(*) FROM pg_temp.copied") == "130");
            BOOST_TEST(
                database.value("SELECT count(*) FROM pg_temp.copied AS c JOIN samples AS s"
                               " ON s.id::text = c.id WHERE s.text = c.text AND s.note IS NOT"
                               " DISTINCT FROM c.note") == "130");
        }
    }
}

BOOST_AUTO_TEST_CASE(an_empty_text_is_not_null) {
    insert_samples(7, 1);
    stack().database().query("UPDATE samples SET json = 'null', note = '', padded = NULL");
    BOOST_TEST(exported("/samples?fields=note,padded,json", csv) ==
               "id,note,padded,json\r\n1,\"\",,\r\n");
}

BOOST_AUTO_TEST_CASE(accept_chooses_and_json_stays_what_it_was) {
    insert_samples(8, 3);
    for (const auto* accept :
         {"*/*", "application/json", "text/html,application/xhtml+xml,*/*;q=0.8", "text/*",
          "text/csv;q=0.5, application/json", "application/x-ndjson;q=0, */*", "image/png"}) {
        BOOST_TEST_CONTEXT(accept) {
            const auto response =
                expect_form("/samples", {"Accept: " + std::string(accept)}, "application/json");
            BOOST_TEST(response.body.starts_with("[{"));
        }
    }
    for (const auto* accept : {"text/csv", "TEXT/csv; header=present", "text/csv, */*;q=0.1",
                               "application/x-ndjson;q=0.8, text/csv;q=0.9, */*;q=0.1"}) {
        BOOST_TEST_CONTEXT(accept) {
            expect_form("/samples", {"Accept: " + std::string(accept)},
                        "text/csv; charset=utf-8; header=present");
        }
    }
    // Whatever was asked for before, no form is found under another's name.
    for (const std::string path : {"/samples", "/samples?text=a", "/samples/drafts", "/items"}) {
        for (int i = 0; i < 3; ++i) {
            BOOST_TEST_CONTEXT(path << ' ' << i) {
                const auto kept = expect_form(path, {}, "application/json");
                if (i > 0) BOOST_TEST(kept.header("X-Cache") == "HIT");
                exported(path, ndjson);
                if (path != "/items") exported(path, csv);
                const auto unkept = expect_form(path, {"Accept: application/json, text/csv;q=0.5"},
                                                "application/json");
                BOOST_TEST(unkept.header("X-Cache") == "BYPASS");
            }
        }
    }
    const auto head = api().head("/samples", csv);
    BOOST_TEST(head.status == 200);
    BOOST_TEST(head.header("Content-Type").starts_with("text/csv"));
    BOOST_TEST(head.body.empty());
    BOOST_TEST(api().get("/samples", {"Accept: text/csv", "If-None-Match: *"}).status == 200);
    // A record has one form.
    expect_json(api().get("/samples/1", csv), 200);
}

BOOST_AUTO_TEST_CASE(documents_have_no_columns) {
    const Json item = create("/items", R"({"name": "L\n2", "n": 24.90})");
    const auto lines = lines_in(exported("/items", ndjson));
    BOOST_TEST(
        std::ranges::any_of(lines, [&](const auto& line) { return Json::parse(line) == item; }));
    const auto listed = expect_json(api().get("/items"), 200)["items"];
    BOOST_TEST(lines.size() == listed.size());
    const auto refused = expect_problem(api().get("/items", csv), 406);
    BOOST_TEST(refused["detail"].string().contains("application/x-ndjson"));
    BOOST_TEST(api().head("/items", csv).status == 406);
    expect_json(api().get("/items", {"Accept: text/csv, */*;q=0.1"}), 200);
    BOOST_TEST(api().get("/items?fields=name", ndjson).status == 200);
}

BOOST_AUTO_TEST_CASE(the_parameters_of_lists_hold) {
    insert_samples(9, 60);
    stack().database().query(
        "UPDATE samples SET text = 'blue ' || id % 3, integer = id, note = NULL");
    BOOST_TEST(api().post("/cache/clear", "").status == 200);
    const auto count = [](const std::string& path, const HeaderLines& headers) {
        return std::ranges::count(exported(path, headers), '\n');
    };
    // Without a limit all, whatever a page of JSON has.
    BOOST_TEST(expect_json(api().get("/samples"), 200).size() == 20);
    BOOST_TEST(count("/samples", ndjson) == 60);
    BOOST_TEST(count("/samples?fields=integer", csv) == 61);
    BOOST_TEST(count("/samples?text=blue%201", ndjson) == 20);
    BOOST_TEST(count("/samples?q=blue%200", ndjson) == 20);
    BOOST_TEST(exported("/samples?integer.lte=3&sort=-integer&fields=integer,text", csv) ==
               "id,text,integer\r\n3,\"blue 0\",3\r\n2,\"blue 2\",2\r\n1,\"blue 1\",1\r\n");
    BOOST_TEST(exported("/samples?integer=-1&fields=text", csv) == "id,text\r\n");
    BOOST_TEST(exported("/samples?integer=-1", ndjson).empty());
    BOOST_TEST(exported("/samples/drafts?fields=integer", ndjson) ==
               lines_of_pages("/samples/drafts?fields=integer&limit=7"));
    for (const auto& headers : {csv, ndjson}) {
        const auto page = api().get("/samples?limit=50&count=exact", headers);
        BOOST_TEST(std::ranges::count(page.body, '\n') >= 50);
        BOOST_TEST(page.header("X-Total-Count") == "60");
        const auto rest = api().get(next_of(page), headers);
        BOOST_TEST(rest.header("Link") == "");
    }
    BOOST_TEST(api().get("/samples?limit=51", csv).status == 422);
    BOOST_TEST(api().get("/samples?unknown=1", ndjson).status == 422);
    expect_problem(api().get("/unknown", csv), 404);
}

namespace {

constexpr auto many = 200000;

/// Products in number, with their ids in order of insertion.
void insert_products() {
    auto database = stack().database();
    database.query("DELETE FROM public.products");
    database.query(
        "INSERT INTO public.products (name, description, price, stock_quantity) SELECT"
        " 'Lamp ' || n, repeat('x', 100), 24.90, n FROM generate_series(1, " +
        std::to_string(many) + ") AS n");
}

RawSocket slow_export(const std::string& type) {
    RawSocket socket(Address::of_url(api().base_url()));
    BOOST_TEST(
        socket.send("GET /products HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n"
                    "Accept: " +
                    type + "\r\n\r\n"));
    return socket;
}

/// How many sessions of the workers are within a list, and wait to be asked for more.
bool are_held_up(int wanted) {
    return eventually([&] {
        return std::stoi(stack().database().value(
                   "SELECT count(*) FROM pg_stat_activity WHERE application_name LIKE"
                   " 'larder-worker%' AND state = 'idle in transaction'"
                   " AND now() - state_change > '500ms'")) >= wanted;
    });
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_long_export_is_one_snapshot_in_bounded_memory) {
    insert_products();
    auto slow = slow_export("application/x-ndjson");
    std::string answer = slow.receive(65536, 30s);
    BOOST_TEST_REQUIRE(are_held_up(1));
    stack().database().query("UPDATE public.products SET name = 'Changed'");
    stack().database().query("DELETE FROM public.products WHERE stock_quantity % 2 = 0");
    answer += slow.receive_all(30s);
    const auto parsed = parse_response(answer);
    BOOST_TEST(parsed.status == 200);
    BOOST_TEST(answer.ends_with("\r\n0\r\n\r\n"));
    std::size_t records = 0;
    for (auto at = answer.find("\"name\":\"Lamp "); at != answer.npos;
         at = answer.find("\"name\":\"Lamp ", at + 1)) {
        ++records;
    }
    // A piece of the transfer may end within these few bytes.
    BOOST_TEST(records > many * 0.99);
    BOOST_TEST(!answer.contains("Changed"));
    BOOST_TEST(std::ranges::count(exported("/products", csv), '\n') == many / 2 + 1);
    for (const int pid : stack().pids("worker")) BOOST_TEST(resident_memory(pid) < 64U * 1024);
}

BOOST_AUTO_TEST_CASE(slow_exports_stop_neither_lists_nor_each_other) {
    insert_products();
    std::vector<RawSocket> slow;
    for (int i = 0; i < 6; ++i)
        slow.push_back(slow_export(i % 2 == 0 ? "text/csv" : "application/x-ndjson"));
    // As many as there are threads for exports.
    BOOST_TEST_REQUIRE(are_held_up(2));
    for (int i = 0; i < 20; ++i) {
        create("/employees", employee("A"));
        expect_json(api().get("/employees"), 200);
        expect_json(api().get("/samples?limit=1"), 200);
    }
    // Those that wait get their turn.
    for (auto& one : slow | std::views::take(5)) one.close();
    std::string answer;
    BOOST_TEST(eventually([&] {
        answer = slow.back().receive_all(2s);
        return !answer.empty();
    }));
    BOOST_TEST(parse_response(answer).status == 200);
    BOOST_TEST(exported("/samples?fields=id", csv).starts_with("id\r\n"));
}

BOOST_AUTO_TEST_CASE(an_export_that_is_cut_off_has_no_end) {
    insert_products();
    for (const auto* type : {"text/csv", "application/x-ndjson"}) {
        auto slow = slow_export(type);
        std::string answer = slow.receive(65536, 30s);
        BOOST_TEST_REQUIRE(are_held_up(1));
        stack().database().query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name LIKE"
            " 'larder-worker%' AND state = 'idle in transaction'");
        answer += slow.receive_all(30s);
        BOOST_TEST(answer.starts_with("HTTP/1.1 200"));
        BOOST_TEST(!answer.ends_with("\r\n0\r\n\r\n"));
    }
    BOOST_TEST(eventually([] { return api().get("/samples", ndjson).status == 200; }));
    stack().database().query("DELETE FROM public.products");
}

BOOST_AUTO_TEST_CASE(what_was_exported_is_imported_as_the_same_over_http) {
    auto database = stack().database();
    for (unsigned seed = 11; seed <= 13; ++seed) {
        insert_samples(seed, 300);
        // What clients cannot send, and what only the database gives.
        database.query(
            "UPDATE public.samples SET decimal = nullif(decimal, 'NaN'), date = nullif(date,"
            " 'infinity'), datetime = nullif(datetime, 'infinity'), timestamp = CASE WHEN"
            " isfinite(timestamp) AND timestamp > '0001-01-01' THEN timestamp END, float = CASE "
            "WHEN"
            " float < 'Infinity' AND float > '-Infinity' THEN float END, json = nullif(json,"
            " 'null'), old = CASE WHEN old::text = '[ ]' THEN old END, tags = NULL");
        database.query("DROP TABLE IF EXISTS public.kept");
        database.query("CREATE TABLE public.kept AS SELECT * FROM public.samples");
        expect_json(api().post("/cache/clear", ""), 200);
        for (const auto& [accept, type] :
             {std::pair(csv, "text/csv"), std::pair(ndjson, "application/x-ndjson")}) {
            BOOST_TEST_CONTEXT(type << ", seed " << seed) {
                const std::string file = exported("/samples", accept);
                database.query("TRUNCATE public.samples RESTART IDENTITY CASCADE");
                const auto answer =
                    api().post("/samples?all=true", file, {std::string("Content-Type: ") + type});
                const Json counts = expect_json(answer, 200);
                BOOST_TEST(counts["created"].text() == "300", answer.body.substr(0, 1000));
                BOOST_TEST(
                    database.value("SELECT count(*) FROM (SELECT k::text FROM public.kept k"
                                   " EXCEPT SELECT s::text FROM public.samples s) AS lost") == "0");
                BOOST_TEST(exported("/samples", accept) == file);
            }
        }
        const Json next = create("/samples", R"({"text": "next"})");
        BOOST_TEST(next["id"].text() == "301");
    }
    database.query("DROP TABLE public.kept");
}
