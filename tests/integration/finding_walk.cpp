// Walks by Link while others write, and the texts of the statements that queries become.
#define BOOST_TEST_MODULE finding_walk
#include <algorithm>
#include <atomic>
#include <csignal>
#include <random>
#include <set>
#include <thread>

#include "finding.hpp"

using namespace larder::test;
using namespace larder::test::finding;

namespace {

constexpr auto marks = R"toml(title = "Mark"
id = "integer"
page = { default = 20, max = 500 }

[fields]
rank = { type = "integer", optional = true, filter = true, sort = true }
text = { type = "text", filter = true, sort = true, search = true }
other = { type = "integer", filter = true }
)toml";

struct MarksStack : Descriptions, SharedStack {
    MarksStack()
        : Descriptions(Texts{{"marks", marks}}),
          SharedStack({{"RESOURCES_DIR", directory()}, {"QUERY_TIMEOUT_MS", "60000"}}) {}
};

/// Records that stay: even ids. Others come and go, and change all that they are sorted by.
void write_at_random(std::atomic<bool>& is_over, unsigned seed) {
    std::mt19937 random(seed);
    std::vector<std::string> own;
    while (!is_over) {
        const auto body = R"({"rank": )" +
                          (random() % 4 == 0 ? "null" : std::to_string(random() % 5)) +
                          R"(, "text": "t)" + std::to_string(random() % 20) + R"(", "other": 1})";
        if (own.size() < 20 || random() % 3 == 0) {
            const auto made = api().post("/marks", body);
            if (made.status == 201) own.push_back("/marks/" + Json::parse(made.body)["id"].text());
            continue;
        }
        const auto at = random() % own.size();
        if (random() % 2 == 0) {
            (void)api().put(own[at], body);
            continue;
        }
        (void)api().del(own[at]);
        own.erase(own.begin() + static_cast<std::ptrdiff_t>(at));
    }
}

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(MarksStack);

BOOST_AUTO_TEST_CASE(a_walk_visits_every_record_that_stays_exactly_once) {
    stack().database().query(
        "INSERT INTO marks (rank, text, other) SELECT nullif(n % 6, 5), 't' || n % 20, 0"
        " FROM generate_series(1, 400) AS n");
    BOOST_TEST(api().post("/cache/clear", "").status == 200);
    std::vector<std::string> staying;
    for (const auto& row : stack().database().query("SELECT id FROM marks ORDER BY id")) {
        staying.push_back(row.front());
    }
    std::atomic<bool> is_over = false;
    std::vector<std::thread> writers;
    for (unsigned seed = 1; seed <= 3; ++seed) {
        writers.emplace_back([&is_over, seed] { write_at_random(is_over, seed); });
    }
    for (const std::string sort : {"id", "-id", "rank", "-rank", "text", "-text", "-rank,text",
                                   "text,-rank", "-text,-rank,-id"}) {
        BOOST_TEST_CONTEXT(sort) {
            auto seen = joined(pages_from("/marks?sort=" + sort + "&limit=7"));
            const std::set<std::string> wanted(staying.begin(), staying.end());
            std::erase_if(seen, [&](const std::string& id) { return !wanted.contains(id); });
            std::ranges::sort(seen);
            auto sorted = staying;
            std::ranges::sort(sorted);
            BOOST_TEST((seen == sorted));
        }
    }
    is_over = true;
    for (auto& writer : writers) writer.join();
}

// As pg_stat_statements has them, which leaves out the constants.
BOOST_AUTO_TEST_CASE(the_texts_of_statements_are_few_and_none_is_of_a_client) {
    stack().database().query("ALTER SYSTEM SET shared_preload_libraries = 'pg_stat_statements'");
    stack().stop("postgresql", SIGINT);
    stack().up();
    auto database = stack().database();
    database.query("CREATE EXTENSION pg_stat_statements");
    BOOST_TEST_REQUIRE(eventually([] { return api().get("/marks").status == 200; }));
    database.query("SELECT pg_stat_statements_reset()");
    for (int i = 0; i < 200; ++i) {
        const std::string n = std::to_string(i);
        for (const std::string& query :
             {"rank.gt=" + n + "&limit=" + std::to_string(1 + i), "text=evil" + n + "%27--",
              "text.prefix=evil%24" + n, "q=evil" + n,
              "sort=-rank&limit=" + std::to_string(1 + i)}) {
            const auto answer = api().get("/marks?" + query);
            BOOST_TEST(answer.status == 200, query);
            if (const auto next = next_of(answer); !next.empty()) {
                BOOST_TEST(api().get(next).status == 200);
            }
        }
    }
    const auto count = [&](const std::string& text) {
        return std::stoi(database.value(
            "SELECT count(*) FROM pg_stat_statements WHERE strpos(query, $1) > 0", {text}));
    };
    BOOST_TEST(count("public.\"marks\"") > 5);
    BOOST_TEST(count("public.\"marks\"") < 40);
    BOOST_TEST(count("evil") == 0);
}
