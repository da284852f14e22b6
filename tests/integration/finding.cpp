// contract.md, "Finding": every parameter, what is refused, links, counts, and the caches.
#define BOOST_TEST_MODULE finding
#include "finding.hpp"

#include <random>
#include <set>
#include <thread>

#include "open_transaction.hpp"

using namespace larder::test;
using namespace larder::test::finding;

namespace {

constexpr auto customers = R"toml(title = "Customer"
id = "uuid"
[fields]
email = { type = "text", min = 3, max = 254, unique = true, filter = true }
name = { type = "text", min = 1, max = 200, search = true, sort = true }
country = { type = "enum", values = ["DE", "FR", "NO"], filter = true }
)toml";

constexpr auto invoices = R"toml(title = "Invoice"
id = "integer"
page = { default = 100, max = 1000 }

[fields]
number = { type = "text", min = 1, max = 20, unique = true }
customer = { type = "reference", to = "customers", filter = true }
state = { type = "enum", values = ["draft", "sent", "paid"], default = "draft", filter = true }
issued = { type = "date", filter = true, sort = true }
total = { type = "decimal", min = "-999999999.99", max = "999999999.99", scale = 2, filter = true, sort = true }
paid_at = { type = "timestamp", optional = true, filter = true, sort = true }
title = { type = "text", max = 9000, optional = true, filter = true, sort = true }
note = { type = "text", max = 2000, optional = true, search = true }
extra = { type = "json", optional = true }

[lists.overdue]
where = "state = 'sent' AND issued < DATE '2026-10-01'"
order = ["issued", "id"]

[lists.dear]
order = ["-total", "title"]
)toml";

struct FindingStack : Descriptions, SharedStack {
    FindingStack()
        : Descriptions({{"customers", customers}, {"invoices", invoices}}),
          SharedStack({{"RESOURCES_DIR", directory()}, {"QUERY_TIMEOUT_MS", "500"}}) {
        ann = create("/customers", R"({"email": "ann@x", "name": "Ann Ä", "country": "DE"})");
        bob = create("/customers", R"({"email": "bob@x", "name": "bob", "country": "NO"})");
        const auto invoice = [&](const std::string& number, const Json& customer,
                                 const std::string& rest) {
            ids[number] = create("/invoices", R"({"number": ")" + number + R"(", "customer": ")" +
                                                  customer["id"].text() + "\", " + rest + '}')["id"]
                              .text();
        };
        invoice("a1", ann,
                R"("state": "sent", "issued": "2026-09-01", "total": 10.50,)"
                R"( "title": "Alpha", "note": "Blue lamp")");
        invoice("a2", ann,
                R"("state": "paid", "issued": "2026-09-02", "total": 99.99,)"
                R"( "paid_at": "2026-09-03T10:00:00.000001Z", "title": "Alps")");
        invoice("a3", ann,
                R"("state": "draft", "issued": "2026-10-02", "total": 100.00,)"
                R"( "note": "синяя лампа")");
        invoice("b1", bob,
                R"("state": "sent", "issued": "2026-10-02", "total": 100,)"
                R"( "title": "😀", "note": "a lamp, red")");
        invoice("b2", bob,
                R"("state": "paid", "issued": "2026-09-01", "total": -5,)"
                R"( "paid_at": "2026-09-03T10:00:00.000002Z", "title": "alpha")");
    }

    static inline Json ann;
    static inline Json bob;
    static inline std::map<std::string, std::string> ids;
};

using Names = std::vector<std::string>;

/// The numbers of the invoices that a query finds, in its order.
Names found(const std::string& query, const std::string& path = "/invoices") {
    std::vector<std::string> names;
    for (const auto& id : ids_of(api().get(path + '?' + query))) {
        for (const auto& [name, known] : FindingStack::ids) {
            if (known == id) names.push_back(name);
        }
    }
    return names;
}

void expect_found(const std::string& query, const Names& names) {
    BOOST_TEST_CONTEXT(query) {
        BOOST_TEST(found(query) == names, boost::test_tools::per_element());
    }
}

/// The parameters that an answer names.
std::set<std::string> refused(const std::string& path) {
    const auto response = api().get(path);
    BOOST_TEST(response.status == 422, path << ": " << response.body);
    std::set<std::string> names;
    const auto body = Json::parse(response.body);
    for (const auto& error : body["errors"].elements()) {
        names.insert(error["parameter"].text());
    }
    return names;
}

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(FindingStack);

BOOST_AUTO_TEST_CASE(filters) {
    const std::string ann = FindingStack::ann["id"].text();
    expect_found("state=sent", {"a1", "b1"});
    expect_found("state=sent&state=draft", {"a1", "a3", "b1"});
    expect_found("state.ne=sent", {"a2", "a3", "b2"});
    expect_found("customer=" + ann, {"a1", "a2", "a3"});
    expect_found("customer=" + ann + "&state=sent&state=paid", {"a1", "a2"});
    expect_found("total=100", {"a3", "b1"});
    expect_found("total.gt=99.99", {"a3", "b1"});
    expect_found("total.gte=99.99&total.lt=100.0", {"a2"});
    expect_found("total.lte=1e1", {"b2"});
    expect_found("issued.lt=2026-10-01&sort=-issued", {"a2", "a1", "b2"});
    expect_found("paid_at.null=false", {"a2", "b2"});
    expect_found("paid_at.null=true&state=draft", {"a3"});
    expect_found("paid_at=2026-09-03T12:00:00.000001%2B02:00", {"a2"});
    expect_found("paid_at.gt=2026-09-03T10:00:00.000001Z", {"b2"});
    expect_found("title.prefix=Al", {"a1", "a2"});
    expect_found("title.prefix=%F0%9F%98%80", {"b1"});
    expect_found("title.prefix=%25", {});
    expect_found("title=alpha", {"b2"});
    expect_found("title=", {});
    expect_found("id=" + FindingStack::ids["a2"] + "&id=" + FindingStack::ids["b2"], {"a2", "b2"});
    BOOST_TEST(ids_of(api().get("/customers?email=bob@x&country=NO")).size() == 1U);
    BOOST_TEST(ids_of(api().get("/employees?id=999999999")).empty());
}

BOOST_AUTO_TEST_CASE(orders) {
    expect_found("sort=total", {"b2", "a1", "a2", "a3", "b1"});
    expect_found("sort=-total", {"a3", "b1", "a2", "a1", "b2"});
    expect_found("sort=-issued,total", {"a3", "b1", "a2", "b2", "a1"});
    expect_found("sort=title", {"a1", "a2", "b2", "b1", "a3"});
    expect_found("sort=-title", {"b1", "b2", "a2", "a1", "a3"});
    expect_found("sort=paid_at", {"a2", "b2", "a1", "a3", "b1"});
    expect_found("sort=-paid_at", {"b2", "a2", "a1", "a3", "b1"});
    expect_found("sort=-id", {"b2", "b1", "a3", "a2", "a1"});
}

BOOST_AUTO_TEST_CASE(words) {
    expect_found("q=lamp", {"a1", "b1"});
    expect_found("q=blue+LAMP", {"a1"});
    expect_found("q=lamp%20-blue", {"b1"});
    expect_found("q=%22a+lamp%22", {"b1"});
    expect_found("q=%D0%BB%D0%B0%D0%BC%D0%BF%D0%B0", {"a3"});
    expect_found("q=lamp&state=sent&sort=-total", {"b1", "a1"});
    expect_found("q=%22", {});
    BOOST_TEST(ids_of(api().get("/customers?q=%C3%A4")).size() == 1U);
}

BOOST_AUTO_TEST_CASE(members_are_chosen_and_the_id_always_comes) {
    const auto list = expect_json(api().get("/invoices?fields=total,number&limit=1"), 200);
    BOOST_TEST((list.element(0).names() == Names{"id", "number", "total"}));
    BOOST_TEST(list.element(0)["total"].text() == "10.50");
    const auto dear = expect_json(api().get("/invoices/dear?fields=id&limit=1"), 200);
    BOOST_TEST((dear.element(0).names() == Names{"id"}));
    create("/items", R"({"a": 1, "b": {"c": [1.50]}, "d": null})");
    const auto items = expect_json(api().get("/items?fields=b,d,nothing"), 200)["items"];
    BOOST_TEST((items.element(items.size() - 1).names().size() <= 3U));
    BOOST_TEST(api().get("/items?fields=b").body.contains("[1.50]"));
    BOOST_TEST(!api().get("/items?fields=b").body.contains("\"a\""));
}

BOOST_AUTO_TEST_CASE(mistakes_are_named_all_at_once) {
    const std::pair<const char*, std::set<std::string>> wrong[] = {
        {"/invoices?stat=sent", {"stat"}},
        {"/invoices?state=lost&totl=1&limit=1001", {"state", "totl", "limit"}},
        {"/invoices?note=x", {"note"}},
        {"/invoices?number=a1", {"number"}},
        {"/invoices?sort=note", {"sort"}},
        {"/invoices?total=abc&issued=2026-02-30", {"total", "issued"}},
        {"/invoices?total.gte=1&total.gte=2", {"total.gte"}},
        {"/invoices?title=%00", {"title"}},
        {"/invoices?after=abc", {"after"}},
        {"/invoices?count=1", {"count"}},
        {"/invoices?fields=numbr", {"fields"}},
        {"/invoices?extra=1", {"extra"}},
        {"/invoices/overdue?state=sent", {"state"}},
        {"/invoices/overdue?sort=issued", {"sort"}},
        {"/employees?name=Alice", {"name"}},
        {"/items?sort=name", {"sort"}},
        {"/items?q=a", {"q"}},
    };
    for (const auto& [path, names] : wrong) {
        BOOST_TEST_CONTEXT(path) { BOOST_TEST((refused(path) == names)); }
    }
    BOOST_TEST(api().get("/invoices?stat=sent").body.contains("'state'"));
    BOOST_TEST(api().post("/invoices?state=sent", "{}").status == 422);
}

BOOST_AUTO_TEST_CASE(links_lead_through_all_pages) {
    for (const std::string query :
         {"", "sort=total&", "sort=-total&", "sort=-title&", "sort=title&", "sort=paid_at,-issued&",
          "sort=-issued,-total&", "sort=-id&", "total.gte=10&sort=-issued&", "q=lamp&"}) {
        BOOST_TEST_CONTEXT(query) {
            const auto all = ids_of(api().get("/invoices?" + query));
            for (const std::size_t size : {1, 2, 5}) {
                const auto pages =
                    pages_from("/invoices?" + query + "limit=" + std::to_string(size));
                BOOST_TEST(joined(pages) == all, boost::test_tools::per_element());
                BOOST_TEST(pages.size() == (all.size() + size - 1) / size);
            }
        }
    }
    for (const std::string list : {"/invoices/overdue", "/invoices/dear"}) {
        BOOST_TEST(joined(pages_from(list + "?limit=1")) == ids_of(api().get(list)),
                   boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_CASE(a_link_holds_for_its_filters_and_its_order) {
    const auto next = next_of(api().get("/invoices?state=sent&sort=issued&limit=1"));
    BOOST_TEST(next.starts_with("/invoices?state=sent&sort=issued&limit=1&after="));
    const auto after = next.substr(next.find("after="));
    BOOST_TEST(api().get("/invoices?state=sent&sort=issued&fields=id&" + after).status == 200);
    for (const std::string other : {"state=paid&sort=issued&", "state=sent&sort=-issued&",
                                    "state=sent&", "sort=issued&", ""}) {
        BOOST_TEST((refused("/invoices?" + other + after) == std::set<std::string>{"after"}));
    }
    BOOST_TEST((refused("/invoices/overdue?" + after) == std::set<std::string>{"after"}));
    for (std::size_t i = 0; i < after.size() - 6; i += 3) {
        auto altered = after;
        altered[i + 6] = altered[i + 6] == 'A' ? 'B' : 'A';
        BOOST_TEST((refused("/invoices?state=sent&sort=issued&" + altered) ==
                    std::set<std::string>{"after"}));
    }
}

BOOST_AUTO_TEST_CASE(head_has_the_link_and_the_count) {
    const auto head = api().head("/invoices?limit=2&count=exact");
    BOOST_TEST(head.status == 200);
    BOOST_TEST(head.body.empty());
    BOOST_TEST(!next_of(head).empty());
    BOOST_TEST(head.header("X-Total-Count") == "5");
    BOOST_TEST(api().options("/invoices?limit=2").status == 204);
}

BOOST_AUTO_TEST_CASE(records_are_counted) {
    BOOST_TEST(api().get("/invoices?count=exact&limit=2").header("X-Total-Count") == "5");
    BOOST_TEST(api().get("/invoices?count=exact&state=sent").header("X-Total-Count") == "2");
    BOOST_TEST(api().get("/invoices/overdue?count=exact").header("X-Total-Count") == "1");
    BOOST_TEST(!api().get("/invoices?limit=2").has("X-Total-Count"));
    const auto next = next_of(api().get("/invoices?count=exact&limit=2"));
    BOOST_TEST(api().get(next).header("X-Total-Count") == "5");
}

BOOST_AUTO_TEST_CASE(the_envelope_and_all_records_stay_as_they_are) {
    create("/items", "{}");
    create("/items", "{}");
    const auto items = api().get("/items?limit=1");
    BOOST_TEST((expect_json(items, 200).names() == Names{"cached", "items"}));
    BOOST_TEST(joined(pages_from("/items?limit=1")) == ids_of(api().get("/items")));
    for (const auto* path : {"/items", "/employees", "/products", "/employees/high-salary"}) {
        BOOST_TEST(!api().get(path).has("Link"));
    }
}

BOOST_AUTO_TEST_CASE(pages_of_every_size) {
    stack().database().query(
        "INSERT INTO invoices (number, customer, issued, total) SELECT 'n' || n, $1::uuid,"
        " DATE '2027-01-01' + n % 3, n FROM generate_series(1, 1200) AS n",
        {FindingStack::bob["id"].text()});
    BOOST_TEST(api().post("/cache/clear", "").status == 200);
    const auto expected = stack().database().query(
        "SELECT id FROM invoices WHERE issued > '2026-12-01' ORDER BY issued DESC, id");
    std::vector<std::string> all;
    for (const auto& row : expected) all.push_back(row.front());
    for (const auto* limit : {"", "&limit=198", "&limit=199", "&limit=200", "&limit=201",
                              "&limit=600", "&limit=1000"}) {
        BOOST_TEST_CONTEXT(limit) {
            const std::string path =
                std::string("/invoices?issued.gt=2026-12-01&sort=-issued") + limit;
            BOOST_TEST((joined(pages_from(path)) == all));
        }
    }
    // The usual page of a list has a link too, whichever cache it comes from.
    for (int i = 0; i < 3; ++i) {
        const auto bare = api().get("/invoices");
        BOOST_TEST(ids_of(bare).size() == 100U);
        BOOST_TEST(next_of(bare).starts_with("/invoices?after="));
    }
    BOOST_TEST(joined(pages_from("/invoices")).size() == 1205U);
    BOOST_TEST(joined(pages_from("/invoices/dear?limit=500")).size() == 1205U);
    stack().database().query("DELETE FROM invoices WHERE issued > '2026-12-01'");
    BOOST_TEST(eventually([] { return ids_of(api().get("/invoices")).size() == 5; }));
}

BOOST_AUTO_TEST_CASE(answers_are_cached_and_fresh) {
    const std::string path = "/invoices?state=sent&total.gte=1&sort=-issued&limit=1";
    for (const std::string& one : {path, next_of(api().get(path)), path + "&count=exact"}) {
        BOOST_TEST_CONTEXT(one) {
            const auto first = api().get(one);
            BOOST_TEST(eventually([&] { return api().get(one).header("X-Cache") == "HIT"; }));
            const auto cached = api().get(one);
            BOOST_TEST(cached.body == first.body);
            BOOST_TEST(cached.header("Link") == first.header("Link"));
            BOOST_TEST(cached.header("X-Total-Count") == first.header("X-Total-Count"));
        }
    }
    BOOST_TEST(api().get(path).header("X-Cache") == "HIT");
    const auto record =
        create("/invoices", R"({"number": "c1", "customer": ")" + FindingStack::ann["id"].text() +
                                R"(", "state": "sent", "issued": "2026-12-01",)"
                                R"( "total": 7})");
    BOOST_TEST((ids_of(api().get(path)) == Names{record["id"].text()}));
    BOOST_TEST(api().get(path + "&count=exact").header("X-Total-Count") == "3");
    BOOST_TEST(api().del(path_of("/invoices", record)).status / 100 == 2);
    expect_found("state=sent&total.gte=1&sort=-issued&limit=1", {"b1"});
}

BOOST_AUTO_TEST_CASE(a_spelling_that_is_not_the_usual_one_is_answered_and_not_kept) {
    const auto usual = api().get("/invoices?state=sent&limit=1");
    for (const std::string other :
         {"/invoices?state=%73ent&limit=1", "/invoices?state=sent&&limit=1",
          "/invoices?state=sent&limit=01", "/invoices?state=sent&state=sent&limit=1"}) {
        for (int i = 0; i < 3; ++i) {
            const auto answer = api().get(other);
            BOOST_TEST(answer.header("X-Cache") != "HIT", other);
            BOOST_TEST(answer.body == usual.body);
            BOOST_TEST(answer.header("Link") == usual.header("Link"));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_value_too_long_for_a_link_is_refused_and_not_the_end) {
    const auto record =
        create("/invoices", R"({"number": "long", "customer": ")" + FindingStack::ann["id"].text() +
                                R"(", "issued": "2026-12-01", "total": 1, "title": ")" +
                                std::string(9000, 'A') + "\"}");
    BOOST_TEST((refused("/invoices?sort=title&limit=1") == std::set<std::string>{"sort"}));
    BOOST_TEST(joined(pages_from("/invoices?sort=title&limit=2")).size() == 6U);
    BOOST_TEST(api().get("/invoices?sort=-total&limit=1").status == 200);
    BOOST_TEST(api().del(path_of("/invoices", record)).status / 100 == 2);
}

BOOST_AUTO_TEST_CASE(a_query_that_takes_too_long_says_what_has_no_index) {
    {
        // All lists wait here, so only those with a query of their own are cancelled.
        OpenTransaction locked("LOCK TABLE invoices IN ACCESS EXCLUSIVE MODE");
        const auto slow = api().get("/invoices?state=sent&total.gt=1&sort=-issued&limit=3");
        const auto problem = expect_problem(slow, 503);
        BOOST_TEST(slow.has("Retry-After"));
        BOOST_TEST(problem["detail"].text().contains(
            "500 ms: no index serves the filters `state`, `total.gt` with the order `-issued,id`"));
        locked.release();
    }
    expect_found("state=sent&total.gt=1&sort=-issued&limit=3", {"b1", "a1"});
}

BOOST_AUTO_TEST_CASE(a_column_that_cannot_be_compared_so_is_found_at_the_start) {
    stack().database().query("CREATE EXTENSION citext");
    stack().database().query("CREATE TABLE public.odd (id bigint PRIMARY KEY, a inet, b citext)");
    const std::string odd = "title = \"Odd\"\nid = \"integer\"\ncreate = false\n[fields]\n";
    for (const auto* how : {"a filter", "a sort", "a search", "b filter"}) {
        const Descriptions descriptions(
            Texts{{"odd", odd + *how + " = { type = \"text\", optional = true, " + (how + 2) +
                              " = true }"}});
        const auto status = stack().status();
        const auto checked = run({program_directory() / "larder-worker", "--check"},
                                 {{"DATABASE_URL", status.at("database_url")},
                                  {"RESOURCES_DIR", descriptions.directory()},
                                  {"REDIS_URL", status.at("redis_url")},
                                  {"RUN_DIR", status.at("run_dir")}});
        BOOST_TEST(checked.status != 0);
        const std::string told = *how == 'a' ? "schema" : "is of type citext";
        BOOST_TEST(checked.output.contains(told), checked.output);
    }
    stack().database().query("DROP TABLE public.odd");
    stack().database().query("DROP EXTENSION citext");
}

BOOST_AUTO_TEST_CASE(malformed_queries_are_200_or_422) {
    std::mt19937 random(1);
    const std::vector<std::string> parts = {"state",    "=",
                                            "&",        "sent",
                                            ".",        "gte",
                                            "total",    "%",
                                            "%00",      "%FF",
                                            "-",        ",",
                                            "sort",     "issued",
                                            "after",    "limit",
                                            "1",        "9999999999",
                                            "'",        "\"",
                                            ";",        "--",
                                            "q",        "fields",
                                            "id",       "%F0%9F%98%80",
                                            "null",     "true",
                                            "e",        "(",
                                            "*",        "+",
                                            "customer", "title",
                                            "prefix",   "count",
                                            "exact",    "NaN",
                                            "infinity", "2026-01-01",
                                            "\\",       "$1",
                                            "?"};
    int failures = 0;
    for (int i = 0; i < 1500; ++i) {
        std::string path = "/invoices?";
        for (auto n = random() % 12; n > 0; --n) path += parts[random() % parts.size()];
        const auto answer = api().get(path);
        if (answer.status == 200 || answer.status == 422) continue;
        if (++failures < 5) BOOST_ERROR(path << ": " << answer.status << ' ' << answer.body);
    }
    BOOST_TEST(failures == 0);
}
