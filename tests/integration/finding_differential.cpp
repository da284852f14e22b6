// Random queries over a table with nulls, ties, equal prefixes, code points outside the BMP and
// long decimals give exactly the rows of SQL that this test writes by itself. How many is an
// argument: larder-tests-finding_differential -- --queries 20000 --seed 1
#define BOOST_TEST_MODULE finding_differential
#include <cstdlib>
#include <random>

#include "finding.hpp"

using namespace larder::test;
using namespace larder::test::finding;

namespace {

constexpr auto things = R"toml(title = "Thing"
id = "integer"
page = { default = 1000, max = 1000 }

[fields]
name = { type = "text", filter = true, sort = true, search = true }
label = { type = "text", optional = true, filter = true, sort = true, search = true }
kind = { type = "enum", values = ["b", "a", "Z"], optional = true, filter = true, sort = true }
copies = { type = "integer", optional = true, filter = true, sort = true }
amount = { type = "decimal", optional = true, filter = true, sort = true }
price = { type = "decimal", filter = true, sort = true }
day = { type = "date", filter = true, sort = true }
at = { type = "timestamp", optional = true, filter = true, sort = true, column = "at $1" }
local = { type = "datetime", optional = true, filter = true, sort = true }
rate = { type = "float", optional = true, filter = true, sort = true }
open = { type = "boolean", optional = true, filter = true, sort = true }
token = { type = "uuid", filter = true, sort = true }
code = { type = "text", optional = true, unique = true, filter = true, sort = true }
parent = { type = "reference", to = "things", optional = true, filter = true, sort = true }
)toml";

struct ThingsStack : Descriptions, SharedStack {
    ThingsStack()
        : Descriptions(Texts{{"things", things}}),
          SharedStack({{"RESOURCES_DIR", directory()}, {"QUERY_TIMEOUT_MS", "60000"}}) {}
};

/// A field as the test knows it: values of its pool are written as in a query and in SQL alike.
struct Subject {
    std::string name;
    std::string column;
    std::string cast;
    std::string ordered;  ///< SQL by which it is compared
    std::vector<std::string> pool;
    bool is_optional = false;
    bool is_text = false;
};

using Strings = std::vector<std::string>;

const Strings texts = {"",       "a",      "ab",     "abc",         "aB",          "A",
                       "é",      "z",      "ß",      "%",           "_",           "\\",
                       "'",      "\"",     "a b",    "a,b",         "{}",          "😀",
                       "😀a",    "\uFFFD", "\uE000", "\U0010FFFF",  "a\U0010FFFF", "a\U0010FFFFb",
                       "\uD7FF", "NULL",   "null",   "lampe rouge", "rouge"};
const Strings numbers = {"0",
                         "-1",
                         "1",
                         "2",
                         "2.0",
                         "1.50",
                         "1.5",
                         "-0.01",
                         "12345678901234567890.12",
                         "12345678901234567890.13",
                         "99999999999999999999",
                         "1e3",
                         "1000"};
const Strings uuids = {
    "00000000-0000-0000-0000-000000000000", "550e8400-e29b-41d4-a716-446655440000",
    "550e8400-e29b-41d4-a716-446655440001", "ffffffff-ffff-ffff-ffff-ffffffffffff"};

std::vector<Subject> subjects() {
    const Strings times = {"2026-01-01T00:00:00",        "2026-01-01T00:00:00.000001",
                           "2026-01-01T00:00:00.999999", "2026-11-28T09:30:00.25",
                           "0001-01-01T00:00:00",        "9999-12-31T23:59:59.999999"};
    Strings instants;
    for (const std::string& time : times) instants.push_back(time + 'Z');
    instants.emplace_back("2026-01-01T02:00:00.000001+02:00");
    const std::string c = R"( COLLATE "C")";
    std::vector<Subject> all = {
        {"id", "id", "::bigint", {}, {"1", "7", "30", "31", "200", "-4", "400"}},
        {"name", "name", "::text", "name" + c, texts, false, true},
        {"label", "label", "::text", "label" + c, texts, true, true},
        {"kind", "kind", "::text", "kind::text" + c, {"a", "b", "Z"}, true},
        {"copies", "copies", "::bigint", {}, {"0", "-1", "1", "2", "9223372036854775807"}, true},
        {"amount", "amount", "::numeric", {}, numbers, true},
        {"price", "price", "::numeric", {}, numbers},
        {"day", "day", "::date", {}, {"2026-01-01", "2026-01-02", "0001-01-01", "9999-12-31"}},
        {"at", R"("at $1")", "::timestamptz", {}, instants, true},
        {"local", "local", "::timestamp", {}, times, true},
        {"rate",
         "rate",
         "::float8",
         {},
         {"0", "0.1", "-0.1", "0.30000000000000004", "1e300"},
         true},
        {"open", "open", "::boolean", {}, {"true", "false"}, true},
        {"token", "token", "::uuid", {}, uuids},
        {"code", "code", "::text", "code" + c, {"c1", "c2", "c17", "c3", "C"}, true, true},
        {"parent", "parent", "::bigint", {}, {"1", "2", "3"}, true}};
    for (Subject& one : all) {
        if (one.ordered.empty()) one.ordered = one.column;
    }
    return all;
}

std::string literal(const std::string& value) {
    std::string out = "'";
    for (const char c : value) out += c == '\'' ? std::string("''") : std::string(1, c);
    return out + '\'';
}

class Random {
public:
    explicit Random(unsigned seed) : engine_(seed) {}
    std::size_t below(std::size_t bound) { return engine_() % bound; }
    bool chance(std::size_t one_in) { return below(one_in) == 0; }
    template <class Container>
    const auto& of(const Container& all) {
        return all[below(std::size(all))];
    }

private:
    std::mt19937 engine_;
};

void fill_table(Random& random) {
    const auto all = subjects();
    auto database = stack().database();
    std::string sql = "INSERT INTO things (id";
    for (const Subject& one : all) {
        if (one.name != "id") sql += ", " + one.column;
    }
    sql += ") OVERRIDING SYSTEM VALUE VALUES ";
    for (int id = 1; id <= 300; ++id) {
        sql += (id == 1 ? "(" : ", (") + std::to_string(id);
        for (const Subject& one : all) {
            if (one.name == "id") continue;
            const bool is_null = one.is_optional && random.chance(3);
            std::string value = random.of(one.pool);
            if (one.name == "code") value = 'c' + std::to_string(id);
            if (one.name == "parent" && std::stoi(value) > id) value = "1";
            sql += ", " + (is_null ? std::string("NULL") : literal(value) + one.cast);
        }
        sql += ')';
    }
    database.query(sql);
    // What only others than Larder write.
    database.query(R"(UPDATE things SET "at $1" = 'infinity' WHERE id IN (3, 4))");
    database.query(R"(UPDATE things SET "at $1" = '-infinity' WHERE id IN (5, 6))");
    database.query("UPDATE things SET amount = 'NaN' WHERE id IN (7, 8)");
    database.query("UPDATE things SET day = '0044-03-15 BC' WHERE id IN (9, 10)");
    database.query("UPDATE things SET rate = '-0' WHERE id IN (11, 12)");
    database.query("UPDATE things SET rate = 'infinity' WHERE id IN (13, 14)");
    BOOST_TEST(api().post("/cache/clear", "").status == 200);
}

/// A query as a client writes it, and the same in SQL.
struct Asked {
    std::string query;
    std::string where = "true";
    std::string order;

    void add(const std::string& name, const std::string& value) {
        query += (query.empty() ? "" : "&") + name + '=' + encoded(value);
    }
};

void add_filter(Random& random, const Subject& one, Asked& asked) {
    const std::string value = random.of(one.pool);
    const auto compared = [&](const std::string& sign) {
        return one.ordered + sign + literal(value) + one.cast;
    };
    const std::pair<const char*, const char*> signs[] = {
        {".ne", " <> "}, {".gt", " > "}, {".gte", " >= "}, {".lt", " < "}, {".lte", " <= "}};
    switch (random.below(one.is_text ? 5 : 4)) {
        case 0: {
            std::string any = compared(" = ");
            asked.add(one.name, value);
            for (auto more = random.below(3); more > 0; --more) {
                const std::string other = random.of(one.pool);
                asked.add(one.name, other);
                any += " OR " + one.ordered + " = " + literal(other) + one.cast;
            }
            asked.where += " AND (" + any + ')';
            return;
        }
        case 1:
            if (one.is_optional) {
                const bool is_null = random.chance(2);
                asked.add(one.name + ".null", is_null ? "true" : "false");
                asked.where += " AND " + one.column + (is_null ? " IS NULL" : " IS NOT NULL");
                return;
            }
            [[fallthrough]];
        case 4:
            if (one.is_text) {
                asked.add(one.name + ".prefix", value);
                asked.where += " AND starts_with(" + one.column + ", " + literal(value) + ')';
                return;
            }
            [[fallthrough]];
        default: {
            const auto& [suffix, sign] = random.of(signs);
            asked.add(one.name + suffix, value);
            asked.where += " AND " + compared(sign);
        }
    }
}

Asked random_query(Random& random, const std::vector<Subject>& all) {
    Asked asked;
    std::vector<Subject> left = all;
    for (auto filters = random.below(3); filters > 0; --filters) {
        const auto at = random.below(left.size());
        add_filter(random, left[at], asked);
        left.erase(left.begin() + static_cast<std::ptrdiff_t>(at));
    }
    if (random.chance(10)) {
        const Strings words = {"rouge", "lampe", "a", "b a", "-a", "null or rouge"};
        const std::string& some = random.of(words);
        asked.add("q", some);
        asked.where +=
            " AND to_tsvector('simple', coalesce(name, '') || ' ' || coalesce(label,"
            " '')) @@ websearch_to_tsquery('simple', " +
            literal(some) + ')';
    }
    if (!random.chance(6)) {
        left = all;
        std::string sort;
        bool has_id = false;
        for (auto keys = 1 + random.below(3); keys > 0 && !has_id; --keys) {
            const auto at = random.below(left.size());
            const Subject one = left[at];
            left.erase(left.begin() + static_cast<std::ptrdiff_t>(at));
            const bool is_falling = random.chance(2);
            has_id = one.name == "id";
            sort += (sort.empty() ? "" : ",") + std::string(is_falling ? "-" : "") + one.name;
            asked.order += one.ordered + (is_falling ? " DESC" : " ASC") + " NULLS LAST, ";
        }
        asked.add("sort", sort);
        if (has_id) {
            asked.order.resize(asked.order.size() - 2);
            return asked;
        }
    }
    asked.order += "id";
    return asked;
}

Strings column(const std::vector<Database::Row>& rows) {
    Strings values;
    for (const auto& row : rows) values.push_back(row.front());
    return values;
}

long argument(const std::string& name, long usual) {
    const auto& suite = boost::unit_test::framework::master_test_suite();
    for (int i = 1; i + 1 < suite.argc; ++i) {
        if (suite.argv[i] == "--" + name) return std::atol(suite.argv[i + 1]);
    }
    return usual;
}

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(ThingsStack);

BOOST_AUTO_TEST_CASE(random_queries_give_the_rows_of_independent_sql) {
    Random random(static_cast<unsigned>(argument("seed", 1)));
    fill_table(random);
    const auto all = subjects();
    auto database = stack().database();
    long wrong = 0;
    std::size_t found = 0;
    for (long i = argument("queries", 300); i > 0 && wrong < 10; --i) {
        const Asked asked = random_query(random, all);
        const auto expected = column(database.query("SELECT id FROM things WHERE " + asked.where +
                                                    " ORDER BY " + asked.order));
        found += expected.size();
        const std::string path = "/things?" + asked.query;
        // Mostly pages, of which a few suffice where they are small.
        const std::size_t size = random.chance(4) ? 1000 : 1 + random.below(60);
        std::string next = path + "&limit=" + std::to_string(size);
        std::size_t at = 0;
        for (int page = 0; page < 8 && !next.empty(); ++page) {
            const auto answer = api().get(next);
            const auto ids = ids_of(answer);
            const auto end = std::min(at + size, expected.size());
            const Strings part(expected.begin() + static_cast<std::ptrdiff_t>(at),
                               expected.begin() + static_cast<std::ptrdiff_t>(end));
            const bool has_next = !next_of(answer).empty();
            if (answer.status != 200 || ids != part || has_next != (end < expected.size())) {
                ++wrong;
                BOOST_ERROR(next << "\n  of " << path << ", from " << at << "\n  WHERE "
                                 << asked.where << " ORDER BY " << asked.order);
                break;
            }
            next = next_of(answer);
            at = end;
        }
    }
    BOOST_TEST(wrong == 0);
    BOOST_TEST(found > 0U);
}
