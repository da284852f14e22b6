// contract.md, "Writing safely": a write with an Idempotency-Key is done once, however often it is
// sent, and answered the same each time.
#define BOOST_TEST_MODULE idempotency
#include <set>
#include <thread>

#include "open_transaction.hpp"
#include "scrape.hpp"

using namespace larder::test;

namespace {

struct PatientStack : SharedStack {
    // Twins meet while the first of them waits for a lock.
    PatientStack() : SharedStack(Environment{{"LOCK_TIMEOUT_MS", "30000"}}) {}
};

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(PatientStack);

namespace {

std::string new_key() { return unique_text("key"); }

HeaderLines with_key(const std::string& key, HeaderLines more = {}) {
    more.push_back("Idempotency-Key: " + key);
    return more;
}

bool is_replay(const Response& response) {
    return response.header("Idempotent-Replayed") == "true";
}

void expect_same(const Response& again, const Response& first) {
    BOOST_TEST(again.status == first.status);
    BOOST_TEST(again.body == first.body);
    for (const auto* name : {"Location", "ETag", "Content-Type"}) {
        BOOST_TEST_CONTEXT(name) { BOOST_TEST(again.header(name) == first.header(name)); }
    }
    BOOST_TEST(is_replay(again));
}

/// Sends a write with a new key, twice; the first answer.
Response twice(const std::string& method, const std::string& path, const std::string& body,
               int status, const HeaderLines& more = {}) {
    const auto headers = with_key(new_key(), more);
    const auto first = api().request(method, path, body, headers);
    BOOST_TEST_CONTEXT(method << ' ' << path << ' ' << body << ": " << first.body) {
        BOOST_TEST(first.status == status);
        BOOST_TEST(!is_replay(first));
        for (int i = 0; i < 2; ++i) {
            expect_same(api().request(method, path, body, headers), first);
        }
    }
    return first;
}

std::string count_of(const std::string& table) {
    return stack().database().value("SELECT count(*) FROM " + table);
}

std::string kept_answers() { return count_of("larder.idempotency_keys"); }

}  // namespace

BOOST_AUTO_TEST_CASE(every_write_is_done_once_and_answered_again) {
    const auto claimed = unique_text("E");
    struct Example {
        std::string collection, body, put, patch;
    };
    for (const auto& [collection, body, put, patch] :
         {Example{"/products", product("Once"), R"({"price": 7.10})", R"({"description": "x"})"},
          Example{"/items", R"({"a": {"b": 1}})", R"({"c": 2})", R"({"a": {"b": null}})"},
          Example{"/employees", employee_with_id(claimed), R"({"salary": 5})",
                  R"({"employee_id": ")" + claimed + R"(-2"})"}}) {
        const auto before = std::stoi(count_of(collection.substr(1)));
        const auto made = twice("POST", collection, body, 201);
        BOOST_TEST(std::stoi(count_of(collection.substr(1))) == before + 1);
        const auto path = made.header("Location");
        BOOST_TEST_REQUIRE(!path.empty());
        twice("PUT", path, put, 200);
        twice("PUT", path, "{}", 200);
        twice("PATCH", path, patch, 200);
        const auto tag = api().get(path).header("ETag");
        const auto changed = twice("PUT", path, put + ' ', 200, {"If-Match: " + tag});
        BOOST_TEST(api().get(path).header("ETag") == changed.header("ETag"));
        const auto gone = twice("DELETE", path, {}, collection == "/products" ? 204 : 200,
                                {"If-Match: " + changed.header("ETag")});
        BOOST_TEST(api().get(path).status == 404);
        const auto other = expect_json(
            api().post(collection, "/employees" == collection ? employee("Other") : body), 201);
        twice("DELETE", path_of(collection, other), {}, gone.status);
        BOOST_TEST(std::stoi(count_of(collection.substr(1))) == before);
    }
    twice("POST", "/cache/clear", {}, 200);
}

// What the cache knows to be taken was taken by this very request.
BOOST_AUTO_TEST_CASE(a_duplicate_of_its_own_is_no_duplicate) {
    const auto body = employee_with_id(unique_text("E"));
    const auto headers = with_key(new_key());
    const auto first = api().post("/employees", body, headers);
    BOOST_TEST(first.status == 201);
    expect_problem(api().post("/employees", body), 409);
    expect_same(api().post("/employees", body, headers), first);
    expect_problem(api().post("/employees", body, with_key(new_key())), 409);
}

BOOST_AUTO_TEST_CASE(a_replay_changes_nothing) {
    const auto path = path_of("/products", create("/products", product("Replayed")));
    const auto headers = with_key(new_key());
    const auto first = api().put(path, R"({"price": 1})", headers);
    BOOST_TEST(api().put(path, R"({"price": 2})").status == 200);
    const auto now = api().get(path);
    BOOST_TEST(eventually([] { return api().get("/products").header("X-Cache") == "HIT"; }));
    const auto before = Scrape::of(api());
    expect_same(api().put(path, R"({"price": 1})", headers), first);
    const auto after = Scrape::of(api());
    BOOST_TEST(api().get(path).body == now.body);
    BOOST_TEST(api().get("/products").header("X-Cache") == "HIT");
    for (const auto* same :
         {"larder_list_renewals_total", "larder_cache_fences_total{result=\"acknowledged\"}"}) {
        BOOST_TEST_CONTEXT(same) { BOOST_TEST(after[same] == before[same]); }
    }
    BOOST_TEST(after["larder_idempotent_replays_total"] ==
               before["larder_idempotent_replays_total"] + 1);
}

BOOST_AUTO_TEST_CASE(another_request_under_the_key_is_refused) {
    const auto path = path_of("/products", create("/products", product("Other")));
    const auto other = path_of("/products", create("/products", product("Another")));
    const auto headers = with_key(new_key());
    const std::string body = R"({"price": 3})";
    const auto tag = api().get(path).header("ETag");
    const auto first = api().put(path, body, headers);
    BOOST_TEST(first.status == 200);
    const auto kept = api().get(path).body;
    const auto refuse = [](const Response& response) {
        const auto problem = expect_problem(response, 422);
        BOOST_TEST(problem["detail"].text().contains("another request"));
        BOOST_TEST(!is_replay(response));
    };
    refuse(api().put(path, R"({"price": 4})", headers));
    refuse(api().put(path, body + ' ', headers));
    refuse(api().put(other, body, headers));
    refuse(api().patch(path, body, headers));
    refuse(api().del(path, headers));
    refuse(api().post("/products", product("Third"), headers));
    refuse(api().post("/cache/clear", "", headers));
    refuse(api().put(path, "{}", headers));
    auto guarded = headers;
    guarded.push_back("If-Match: " + tag);  // which it has no more
    refuse(api().put(path, body, guarded));
    auto typed = headers;
    typed.push_back("Content-Type: application/json; charset=utf-8");
    refuse(api().put(path, body, typed));
    BOOST_TEST(api().get(path).body == kept);
    BOOST_TEST(api().del(path).status == 204);
    // What was done was done, whatever has become of it.
    expect_same(api().put(path, body, headers), first);
}

BOOST_AUTO_TEST_CASE(a_key_may_be_quoted_or_bare) {
    const auto key = new_key();
    const auto first = api().post("/items", "{}", with_key(key));
    BOOST_TEST(first.status == 201);
    expect_same(api().post("/items", "{}", with_key('"' + key + '"')), first);
    expect_same(api().post("/items", "{}", with_key("  " + key + "  ")), first);
    BOOST_TEST(api().post("/items", "{}", with_key(std::string(255, 'k'))).status == 201);
    BOOST_TEST(api().post("/items", "{}", with_key("\"a \\\"b\\\\, ;c\"")).status == 201);
    const auto before = count_of("items");
    for (const std::string& wrong :
         {std::string(), std::string("\"\""), std::string(256, 'k'), std::string("\"open"),
          std::string("a\"b"), std::string("\"a\"b"), std::string("\"a\";b=1"), std::string("a, a"),
          std::string("\"a\\n\""), std::string("\"caf\xC3\xA9\""), std::string("a\tb")}) {
        BOOST_TEST_CONTEXT(wrong) {
            // libcurl sends a field without a value by this form.
            const HeaderLines lines = {wrong.empty() ? std::string("Idempotency-Key;")
                                                     : "Idempotency-Key: " + wrong};
            expect_problem(api().post("/items", "{}", lines), 400);
        }
    }
    const auto two = with_key(new_key(), with_key(new_key()));
    expect_problem(api().post("/items", "{}", two), 400);
    BOOST_TEST(count_of("items") == before);
    // Of a read it means nothing.
    BOOST_TEST(api().get("/items", with_key("")).status == 200);
    BOOST_TEST(!is_replay(api().get("/items", with_key(key))));
}

// It has changed nothing, so it may be tried again, with a mended body too.
BOOST_AUTO_TEST_CASE(a_failure_is_not_kept) {
    const auto before = kept_answers();
    const auto headers = with_key(new_key());
    expect_problem(api().post("/products", R"({"name": "A"})", headers), 422,
                   {"/price", "/stock_quantity"});
    expect_problem(api().put("/items/" + std::string(unknown_uuid), "{}", headers), 404);
    expect_problem(api().del("/items/" + std::string(unknown_uuid), headers), 404);
    const auto taken = unique_text("E");
    const auto owner = path_of("/employees", create("/employees", employee_with_id(taken)));
    expect_problem(api().post("/employees", employee_with_id(taken), headers), 409);
    auto guarded = headers;
    guarded.push_back("If-Match: \"other\"");
    expect_problem(api().put(owner, R"({"salary": 3})", guarded), 412);
    BOOST_TEST(kept_answers() == before);
    BOOST_TEST(api().del(owner).status == 200);
    const auto made = api().post("/employees", employee_with_id(taken), headers);
    BOOST_TEST(made.status == 201);
    expect_same(api().post("/employees", employee_with_id(taken), headers), made);
}

BOOST_AUTO_TEST_CASE(a_second_request_is_told_while_the_first_is_under_way) {
    const auto headers = with_key(new_key());
    const auto body = product("Under way");
    OpenTransaction lock("LOCK TABLE products IN SHARE MODE");
    Response first;
    std::jthread client([&] { first = api().post("/products", body, headers); });
    // A write tries shortly at first, and then waits, with its key, for as long as it may.
    auto database = stack().database();
    BOOST_TEST(eventually([&] {
        return database.value(
                   "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock'"
                   " AND now() - state_change > interval '500 ms'") == "1";
    }));
    const auto second = api().post("/products", body, headers);
    expect_problem(second, 409);
    BOOST_TEST(second.header("Retry-After") == "1");
    expect_problem(api().post("/products", product("Another"), headers), 409);
    lock.release();
    client.join();
    BOOST_TEST(first.status == 201);
    expect_same(api().post("/products", body, headers), first);
    BOOST_TEST(count_of("products WHERE name = 'Under way'") == "1");
}

BOOST_AUTO_TEST_CASE(in_groups_each_is_done_once) {
    constexpr std::size_t clients = 32;
    constexpr std::size_t tries = 3;
    const auto prefix = new_key();
    std::vector<std::string> paths;
    for (std::size_t i = 0; i < clients; ++i) {
        paths.push_back(path_of("/products", create("/products", product("Grouped"))));
    }
    for (int round = 0; round < 6; ++round) {
        const auto send = [&](std::size_t i) {
            const auto own = std::to_string(i % clients);
            const auto headers = with_key(prefix + std::to_string(round) + '-' + own);
            switch (i % clients % 4) {
                case 0: return api().post("/products", product("Group", own), headers);
                case 1: return api().put(paths[i % clients], R"({"price": )" + own + '}', headers);
                case 2: return api().post("/items", R"({"group": )" + own + '}', headers);
                default: return api().post("/products", product("Group", own));  // no key
            }
        };
        auto answers = in_parallel(clients * tries, send);
        std::vector<std::set<std::string>> bodies(clients);
        for (std::size_t i = 0; i < answers.size(); ++i) {
            const bool has_key = i % clients % 4 != 3;
            const bool is_in_use = has_key && answers[i].status == 409;
            BOOST_TEST((is_in_use || answers[i].status / 100 == 2), answers[i].body);
            if (is_in_use) answers[i] = send(i);  // by now the first is done
            if (has_key) bodies[i % clients].insert(answers[i].body + answers[i].header("ETag"));
        }
        for (std::size_t i = 0; i < clients; ++i) {
            if (i % 4 != 3) BOOST_TEST(bodies[i].size() == 1U);
        }
    }
    BOOST_TEST(count_of("products WHERE name = 'Group'") ==
               std::to_string(6 * (clients / 4 + tries * clients / 4)));
    BOOST_TEST(count_of("items WHERE data ? 'group'") == std::to_string(6 * clients / 4));
}

BOOST_AUTO_TEST_CASE(an_old_answer_is_removed_or_gives_way) {
    const Stack own(Environment{{"IDEMPOTENCY_TTL", "2"}});
    const auto& client = own.client();
    const auto headers = with_key(new_key());
    auto database = own.database();
    const auto count = [&] {
        return database.value("SELECT count(*) FROM larder.idempotency_keys");
    };
    BOOST_TEST(client.post("/items", R"({"n": 1})", headers).status == 201);
    BOOST_TEST(eventually([&] { return count() == "0"; }));
    BOOST_TEST(Scrape::of(client)["larder_idempotency_keys_expired_total"] == 1);

    // One that is too old, and still there because somebody else removes.
    database.query(
        "SELECT pg_advisory_lock(hashtextextended('larder:idempotency:expiry' COLLATE \"C\", 0))");
    const auto again = client.post("/items", R"({"n": 2})", headers);
    BOOST_TEST(again.status == 201);
    BOOST_TEST(!is_replay(again));
    BOOST_TEST(count() == "1");
    database.query("UPDATE larder.idempotency_keys SET made_at = now() - interval '3 s'");
    const auto third = client.post("/items", R"({"n": 3})", headers);
    BOOST_TEST(third.status == 201);
    BOOST_TEST(!is_replay(third));
    BOOST_TEST(count() == "1");
    database.query("UPDATE larder.idempotency_keys SET made_at = now() + interval '1 h'");
    expect_same(client.post("/items", R"({"n": 3})", headers), third);

    // Of many, all go, a step at a time.
    database.query(
        "INSERT INTO larder.idempotency_keys (key, fingerprint, made_at, status, headers, body)"
        " SELECT sha256(i::text::bytea), sha256(''), now() - interval '1 h', 201, '', ''"
        " FROM generate_series(1, 2500) AS i");
    database.query("SELECT pg_advisory_unlock_all()");
    BOOST_TEST(eventually([&] { return count() == "1"; }));
    BOOST_TEST(Scrape::of(client)["larder_idempotency_keys_expired_total"] == 2501);
}
