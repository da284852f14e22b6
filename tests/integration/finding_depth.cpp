// What pages cost in PostgreSQL, in buffers and not in time: page 10,000 what page 1 costs, and a
// filter for few records little, whatever the size of the table. How many rows it has is an
// argument: larder-tests-finding_depth -- --rows 10000000
#define BOOST_TEST_MODULE finding_depth
#include <algorithm>
#include <cstdlib>

#include "catalog/catalog.hpp"
#include "finding.hpp"
#include "query/cursor.hpp"
#include "query/parse.hpp"
#include "query/text.hpp"
#include "store/statements.hpp"

using namespace larder::test;
using namespace larder::test::finding;

namespace {

constexpr auto sales = R"toml(title = "Sale"
id = "integer"
page = { default = 50, max = 1000 }
indexes = [["customer", "day"]]

[fields]
number = { type = "text", unique = true, filter = true, sort = true }
customer = { type = "integer", filter = true }
state = { type = "enum", values = ["draft", "sent", "paid"], filter = true, sort = true }
day = { type = "date", filter = true, sort = true }
total = { type = "decimal", filter = true, sort = true }
paid_at = { type = "timestamp", optional = true, filter = true, sort = true }
note = { type = "text", optional = true, search = true }
)toml";

long argument(const std::string& name, long usual) {
    const auto& suite = boost::unit_test::framework::master_test_suite();
    for (int i = 1; i + 1 < suite.argc; ++i) {
        if (suite.argv[i] == "--" + name) return std::atol(suite.argv[i + 1]);
    }
    return usual;
}

struct SalesStack : Descriptions, SharedStack {
    SalesStack()
        : Descriptions(Texts{{"sales", sales}}),
          SharedStack({{"RESOURCES_DIR", directory()}, {"QUERY_TIMEOUT_MS", "60000"}}) {
        rows = argument("rows", 100000);
        auto database = stack().database();
        // In transactions that the feed can follow: of one with ten million rows PostgreSQL would
        // keep all of its log.
        for (long first = 1; first <= rows; first += rows_at_once) {
            const long last = std::min(rows, first + rows_at_once - 1);
            database.query(
                "INSERT INTO sales (number, customer, state, day, total, paid_at, note) SELECT"
                " md5(n::text), n % ($1::bigint / 10), (ARRAY['draft', 'sent', 'paid'])[1 + n % 3],"
                " DATE '2024-01-01' + (n * 7919 % 700)::int, (n * 104729 % 1000003)::numeric / 100,"
                " CASE WHEN n % 2 = 0 THEN TIMESTAMPTZ '2024-01-01' + n % 50000 * INTERVAL '1 ms'"
                " END, 'word' || n % ($1::bigint / 10) || ' all'"
                " FROM generate_series($2::bigint, $3::bigint) AS n",
                {std::to_string(rows), std::to_string(first), std::to_string(last)});
        }
        database.query("VACUUM ANALYZE sales");
        resources = *larder::read_catalog(directory());
    }

    static constexpr long rows_at_once = 250000;
    static inline long rows = 0;
    static inline std::vector<larder::Resource> resources;
};

const larder::Resource& resource() {
    return *std::ranges::find(SalesStack::resources, "sales", &larder::Resource::name);
}

struct Cost {
    long buffers = 0;
    std::string plan;
};

/// What PostgreSQL reads for a page.
Cost cost_of(const larder::query::Query& query) {
    const auto& list = resource().lists.front();
    const auto statement = larder::Statements(resource()).list(list, query, query.limit + 1);
    std::vector<std::string> values;
    for (const auto& value : statement.values) values.push_back(*value);
    Cost cost;
    for (const auto& row : stack().database().query(
             "EXPLAIN (ANALYZE, BUFFERS, TIMING OFF, SUMMARY OFF) " + statement.sql, values)) {
        cost.plan += row.front() + '\n';
    }
    // Of the whole, which is the first line that has them.
    const auto line = cost.plan.substr(cost.plan.find("Buffers: "), 60);
    for (const std::string kind : {"hit=", "read="}) {
        const auto at = line.substr(0, line.find('\n')).find(kind);
        if (at != line.npos) cost.buffers += std::atol(line.c_str() + at + kind.size());
    }
    return cost;
}

larder::query::Query parsed(const std::string& text) {
    auto query = larder::query::parse(resource(), resource().lists.front(), text);
    BOOST_REQUIRE(query);
    return *query;
}

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(SalesStack);

BOOST_AUTO_TEST_CASE(a_deep_page_costs_what_the_first_costs) {
    struct Order {
        std::string sort;
        std::string sql;
        std::string columns;
    };
    const std::string c = R"( COLLATE "C")";
    const Order orders[] = {
        {"id", "id", ""},
        {"-id", "id DESC", ""},
        {"number", "number" + c, "number, "},
        {"-number", "number" + c + " DESC", "number, "},
        {"state", "state" + c + ", id", "state, "},
        {"-state", "state" + c + " DESC, id", "state, "},
        {"day", "day, id", "day, "},
        {"-day", "day DESC, id", "day, "},
        {"total", "total, id", "total, "},
        {"-total", "total DESC, id", "total, "},
        {"paid_at", "paid_at, id", "paid_at, "},
        {"-paid_at", "paid_at DESC NULLS LAST, id", "paid_at, "},
        {"-day,-id", "day DESC, id DESC", "day, "},
    };
    for (const auto& [sort, order, columns] : orders) {
        BOOST_TEST_CONTEXT(sort) {
            auto query = parsed("sort=" + sort + "&limit=50");
            const Cost first = cost_of(query);
            // A first page lies together on the disk where the order is that of the ids.
            const double most = 1.2 * static_cast<double>(std::max(first.buffers, 60L));
            BOOST_TEST(first.buffers < 300);
            for (const long part : {3, 2}) {
                const auto rows = stack().database().query(
                    "SELECT " + columns + "id FROM sales ORDER BY " + order + " OFFSET " +
                    std::to_string(SalesStack::rows / part) + " LIMIT 1");
                query.after.emplace();
                for (const auto& value : rows.front()) {
                    const bool is_null = value.empty();
                    query.after->push_back(is_null ? std::nullopt : std::optional(value));
                }
                const Cost deep = cost_of(query);
                BOOST_TEST(static_cast<double>(deep.buffers) <= most,
                           first.buffers << " and " << deep.buffers << '\n'
                                         << deep.plan);
                BOOST_TEST(!deep.plan.contains("Seq Scan"), deep.plan);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(a_filter_for_few_records_reads_few) {
    for (const std::string text :
         {"customer=5", "customer=5&customer=6", "customer=5&sort=-day", "customer=5&state=sent",
          "number=c4ca4238a0b923820dcc509a6f75849b", "number.prefix=c4ca", "total=0.07",
          "total.gt=10000", "total.lt=0.05", "day.gt=2025-11-30", "day.lt=2024-01-01", "q=word7",
          "id=7&id=8", "id.gt=999999999", "id.lte=3", "paid_at.gt=2024-01-01T00:00:49.995Z",
          "day=2024-02-02&sort=-day", "customer=5&q=all"}) {
        const Cost cost = cost_of(parsed(text + "&limit=50"));
        BOOST_TEST(cost.buffers < 400, text << ": " << cost.buffers << '\n' << cost.plan);
        BOOST_TEST(!cost.plan.contains("Seq Scan"), text << '\n' << cost.plan);
    }
}

BOOST_AUTO_TEST_CASE(fields_that_have_an_index_together_use_it) {
    BOOST_TEST(cost_of(parsed("customer=5&day.gte=2024-01-02&sort=-day&limit=50"))
                   .plan.contains("sales_customer_day_"));
}

// Who knows the digest, which is no secret, can make a cursor of anything.
BOOST_AUTO_TEST_CASE(a_made_up_cursor_is_named) {
    const auto query = parsed("limit=5");
    const auto binding = larder::query::binding_of(resource(), resource().lists.front(), query);
    const auto made = larder::query::cursor_of({"abc"}, binding);
    const auto refused = api().get("/sales?limit=5&after=" + made);
    BOOST_TEST(refused.status == 422);
    BOOST_TEST(Json::parse(refused.body)["errors"].element(0)["parameter"].string() == "after");
}

// The whole table through HTTP, page by page.
BOOST_AUTO_TEST_CASE(a_client_walks_the_whole_table) {
    for (const std::string sort : {"-day", "number"}) {
        long seen = 0;
        std::string path = "/sales?fields=id&limit=1000&sort=" + sort;
        while (!path.empty() && seen <= SalesStack::rows) {
            const auto page = api().get(path);
            BOOST_TEST_REQUIRE(page.status == 200, page.body);
            seen += std::ranges::count(page.body, ':');
            path = next_of(page);
        }
        BOOST_TEST(seen == SalesStack::rows);
    }
}
