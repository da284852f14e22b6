// contract.md, "Everywhere": what stands between Larder and its clients: conditions of writes,
// encoded bodies, query parameters, origins, hosts, caches on the way, and other spellings of a
// path.
#define BOOST_TEST_MODULE clients
#include "fixture.hpp"

using namespace larder::test;

BOOST_TEST_GLOBAL_FIXTURE(SharedStack);

namespace {

using namespace std::string_view_literals;

/// One record of each resource, with a change to it.
struct Sample {
    std::string path;
    std::string change;
};

std::vector<Sample> samples() {
    return {{path_of("/employees", create("/employees", employee("A"))), R"({"salary": 1})"},
            {path_of("/products", create("/products", product("A"))), R"({"price": 1})"},
            {path_of("/items", create("/items", R"({"a": 0})")), R"({"a": 1})"}};
}

Response sent(const std::string& line, const std::string& fields = "Host: localhost\r\n") {
    return parse_response(
        api().raw({line + " HTTP/1.1\r\n" + fields + "Connection: close\r\n\r\n"}));
}

/// PUT with these header fields, also empty ones, which libcurl cannot send.
Response put_with(const std::string& path, const std::string& fields) {
    return sent("PUT " + path,
                "Host: localhost\r\nContent-Type: application/json\r\n"
                "Content-Length: 2\r\n" +
                    fields + "Connection: close\r\n\r\n{}");
}

void expect_parameter(const Response& response, std::string_view name) {
    BOOST_TEST(response.status == 422);
    BOOST_TEST(response.header("Content-Type").starts_with("application/problem+json"));
    const auto problem = Json::parse(response.body);
    BOOST_TEST(problem["errors"].element(0)["parameter"].string() == name);
    BOOST_TEST(!problem["errors"].element(0)["detail"].string().empty());
    BOOST_TEST(!problem["errors"].element(0).contains("pointer"));
}

std::string detail(const Response& response) {
    return Json::parse(response.body)["detail"].string();
}

}  // namespace

BOOST_AUTO_TEST_CASE(if_none_match_guards_writes) {
    for (const auto& [path, change] : samples()) {
        const auto tag = api().get(path).header("ETag");
        for (const auto& value : {std::string("*"), tag, "W/" + tag, "\"x\", " + tag}) {
            const HeaderLines guard = {"If-None-Match: " + value};
            BOOST_TEST_CONTEXT(path << ' ' << value) {
                expect_problem(api().put(path, change, guard), 412);
                expect_problem(api().patch(path, change, guard), 412);
                expect_problem(api().del(path, guard), 412);
            }
        }
        BOOST_TEST(api().get(path).header("ETag") == tag);
        const HeaderLines other = {"If-None-Match: \"x\""};
        BOOST_TEST(api().put(path, change, other).status == 200);
        BOOST_TEST(api().del(path, other).status / 100 == 2);
        expect_problem(api().put(path, "{}", {"If-None-Match: *"}), 404);
    }
}

BOOST_AUTO_TEST_CASE(an_empty_or_malformed_condition_is_refused) {
    for (const auto& [path, change] : samples()) {
        for (const auto* fields : {"If-Match:\r\n", "If-Match: \r\n", "If-Match: abc\r\n",
                                   "If-None-Match:\r\n", "If-None-Match: \"\r\n"}) {
            BOOST_TEST_CONTEXT(path << ' ' << fields) {
                expect_problem(put_with(path, fields), 400);
            }
        }
        BOOST_TEST(put_with(path, "If-Match: *\r\n").status == 200);
        BOOST_TEST(put_with(path, "").status == 200);
    }
}

BOOST_AUTO_TEST_CASE(a_412_says_what_is_true) {
    for (const auto& [path, change] : samples()) {
        const auto tag = api().get(path).header("ETag");
        const auto weak = api().put(path, change, {"If-Match: W/" + tag});
        BOOST_TEST(weak.status == 412);
        BOOST_TEST(detail(weak).contains("weak"));
        BOOST_TEST(!detail(weak).contains("has changed"));
        BOOST_TEST(api().put(path, change, {"If-Match: " + tag}).status == 200);
        BOOST_TEST(detail(api().put(path, change, {"If-Match: " + tag})).contains("has changed"));
    }
}

BOOST_AUTO_TEST_CASE(a_condition_comes_before_uniqueness) {
    const auto taken = unique_text("E");
    create("/employees", employee_with_id(taken));
    const auto path = path_of("/employees", create("/employees", employee("A")));
    const auto body = R"({"employee_id": ")" + taken + "\"}";
    expect_problem(api().put(path, body, {"If-None-Match: *"}), 412);
    expect_problem(api().put(path, body), 409);
}

BOOST_AUTO_TEST_CASE(an_encoded_body_is_refused) {
    for (const auto* coding : {"gzip", "br", "x-unknown"}) {
        const auto answer =
            api().post("/items", "{}", {std::string("Content-Encoding: ") + coding});
        expect_problem(answer, 415);
        BOOST_TEST(answer.header("Accept-Encoding") == "identity");
    }
    BOOST_TEST(api().post("/items", "{}", {"Content-Encoding: Identity"}).status == 201);
}

BOOST_AUTO_TEST_CASE(what_is_no_utf8_is_named) {
    const std::pair<std::string_view, std::string_view> bodies[] = {
        {"\xEF\xBB\xBF{}", "byte order mark"},
        {"\xFF\xFE{\0}\0"sv, "UTF-16"},
        {"\xFE\xFF\0{\0}"sv, "UTF-16"},
        {"{\0}\0"sv, "UTF-16"},
        {"\0{\0}"sv, "UTF-16"},
        {"\x1F\x8B\x08\0\0\0"sv, "gzip"},
        {"{\"a\": \"\0\"}"sv, "NUL"}};
    for (const auto& [body, name] : bodies) {
        const auto answer = api().post("/items", body);
        expect_problem(answer, 400);
        BOOST_TEST(detail(answer).contains(name), detail(answer));
    }
}

BOOST_AUTO_TEST_CASE(an_unknown_parameter_is_refused_everywhere) {
    for (const auto* path :
         {"/employees", "/employees/high-salary", "/products", "/items", "/health", "/", "/user",
          "/user/A", "/docs", "/openapi.json", "/status"}) {
        BOOST_TEST_CONTEXT(path) {
            expect_parameter(api().get(std::string(path) + "?departmnt=Sales"), "departmnt");
        }
    }
    for (const auto& [path, change] : samples()) {
        expect_parameter(api().get(path + "?now"), "now");
        expect_parameter(api().put(path + "?now", change), "now");
        expect_parameter(api().del(path + "?now"), "now");
    }
    expect_parameter(api().post("/cache/clear?x=1", ""), "x");
    expect_parameter(api().get("/products?limit=1&limit=1"), "limit");
    expect_parameter(api().get("/products?limit=0"), "limit");
    expect_parameter(api().get("/products?limit=%FF"), "limit");
    expect_parameter(api().get("/user?name=A&name=B"), "name");
    BOOST_TEST(api().get("/products?limt=1").body.contains("'limit'"));
}

BOOST_AUTO_TEST_CASE(a_write_of_a_foreign_page_is_refused) {
    const auto own = api().base_url();
    const auto port = own.substr(own.rfind(':'));
    const std::vector<HeaderLines> foreign = {
        {"Origin: http://evil.example"}, {"Origin: null"},
        {"Origin: http://127.0.0.1:1"},  {"Origin: http://localhost" + port},
        {"Sec-Fetch-Site: cross-site"},  {"Origin: " + own, "Sec-Fetch-Site: cross-site"}};
    for (const auto& fields : foreign) {
        BOOST_TEST_CONTEXT(fields.front()) {
            auto form = fields;
            form.emplace_back("Content-Type: application/x-www-form-urlencoded");
            expect_problem(api().post("/cache/clear", "a=b", form), 403);
            expect_problem(api().post("/items", "a=b", form), 403);
            for (const auto& [path, change] : samples()) {
                expect_problem(api().put(path, change, fields), 403);
                expect_problem(api().patch(path, change, fields), 403);
                expect_problem(api().del(path, fields), 403);
                BOOST_TEST(api().get(path, fields).status == 200);
            }
            expect_problem(api().put("/employees", "a=b", form), 405);
            expect_problem(api().put("/nothing", "a=b", form), 404);
        }
    }
    const std::vector<HeaderLines> own_pages = {{"Origin: " + own},
                                                {"Origin: https" + own.substr(4)},
                                                {"Sec-Fetch-Site: same-origin"},
                                                {"Sec-Fetch-Site: none"}};
    for (const auto& fields : own_pages) {
        BOOST_TEST(api().post("/items", "{}", fields).status == 201);
    }
    // Larger than is taken, and from elsewhere.
    expect_problem(api().post("/items", std::string(1100000, ' '), {"Origin: http://evil.example"}),
                   403);
}

BOOST_AUTO_TEST_CASE(a_name_that_is_not_the_servers_is_misdirected) {
    for (const auto* path : {"/", "/employees", "/employees?limit=1", "/docs", "/openapi.json",
                             "/health", "/metrics", "/nothing"}) {
        for (int round = 0; round < 2; ++round) {
            for (const auto* name : {"evil.example", "evil.example:8080", "localhost.evil.example",
                                     "127.0.0.1.evil.example", "[::2]"}) {
                BOOST_TEST_CONTEXT(path << " of " << name) {
                    expect_problem(api().get(path, {std::string("Host: ") + name}), 421);
                }
            }
            BOOST_TEST(api().get(path).status != 421);
        }
    }
    expect_problem(api().post("/items", "{}", {"Host: evil.example"}), 421);
    for (const auto* name :
         {"localhost", "LocalHost:1", "localhost.", "127.0.0.1:65535", "[::1]"}) {
        BOOST_TEST(api().get("/employees", {std::string("Host: ") + name}).status == 200);
    }
}

BOOST_AUTO_TEST_CASE(the_setting_says_which_names_are_answered) {
    const Stack named({{"SERVER_NAMES", "Larder.example *.example.org [::2]"}});
    for (const auto* name : {"larder.example", "a.example.org:80", "a.b.EXAMPLE.org.", "[::2]:1"}) {
        BOOST_TEST(named.client().get("/employees", {std::string("Host: ") + name}).status == 200);
    }
    for (const auto* name : {"localhost", "127.0.0.1", "example.org", "larderxexample"}) {
        expect_problem(named.client().get("/employees", {std::string("Host: ") + name}), 421);
    }
    const auto wrong = named.script({"reload"}, {});
    BOOST_TEST(wrong.status == 0);
}

BOOST_AUTO_TEST_CASE(no_cache_on_the_way_answers_by_itself) {
    for (const auto& [path, change] : samples()) {
        for (int round = 0; round < 2; ++round) {
            const auto got = api().get(path);
            BOOST_TEST(got.header("Cache-Control") == "no-cache");
            BOOST_TEST(api().head(path).header("Cache-Control") == "no-cache");
            const auto same = api().get(path, {"If-None-Match: " + got.header("ETag")});
            BOOST_TEST(same.status == 304);
            BOOST_TEST(same.header("Cache-Control") == "no-cache");
        }
    }
    for (const auto* path :
         {"/employees", "/items", "/products?limit=1", "/employees/high-salary"}) {
        for (int round = 0; round < 3; ++round) {
            const auto got = api().get(path);
            BOOST_TEST_CONTEXT(path << ' ' << got.header("X-Cache")) {
                BOOST_TEST(got.headers.count("Cache-Control") == 1U);
                BOOST_TEST(got.header("Cache-Control") == "no-cache");
                BOOST_TEST(got.headers.count("X-Cache") == 1U);
                BOOST_TEST(!got.has("Last-Modified"));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(nothing_is_sniffed) {
    const auto path = samples().front().path;
    for (const auto& answer :
         {api().get(path), api().get("/employees"), api().get("/employees"),
          api().get("/openapi.json"), api().get("/nothing"), api().get("/"), api().get("/health"),
          sent("GET /../x"), api().get("/", {"Host: evil.example"}), api().post("/items", "{}")}) {
        BOOST_TEST(answer.headers.count("X-Content-Type-Options") == 1U);
        BOOST_TEST(answer.header("X-Content-Type-Options") == "nosniff");
    }
}

BOOST_AUTO_TEST_CASE(who_reloads_a_list_goes_past_the_caches) {
    for (const auto* path : {"/employees", "/items", "/products?limit=1"}) {
        BOOST_TEST(eventually([&] { return api().get(path).header("X-Cache") == "HIT"; }));
        for (const auto* field : {"Cache-Control: no-cache", "Cache-Control: max-age=0",
                                  "Cache-Control: private, NO-STORE", "Pragma: no-cache"}) {
            const auto got = api().get(path, {field});
            BOOST_TEST_CONTEXT(path << ' ' << field) {
                BOOST_TEST(got.status == 200);
                BOOST_TEST(got.header("X-Cache") == "BYPASS");
            }
        }
        BOOST_TEST(!api().get(path, {"Cache-Control: no-cache"}).body.contains("\"cached\":true"));
        BOOST_TEST(
            api().get(path, {"Cache-Control: max-age=60", "Pragma: no-cache"}).header("X-Cache") ==
            "HIT");
        BOOST_TEST(api().get(path).header("X-Cache") == "HIT");
    }
}

BOOST_AUTO_TEST_CASE(a_spelling_has_one_answer_cold_and_kept) {
    const std::pair<std::string, int> spellings[] = {
        {"/x/../employees", 404},   {"/./employees", 404},       {"//employees", 404},
        {"/employees/", 404},       {"/employees/.", 404},       {"/%65mployees", 200},
        {"/employees?", 200},       {"/x/../docs", 404},         {"/docs/", 404},
        {"/docs//index.html", 404}, {"/x/../openapi.json", 404}, {"/openapi.jso%6E", 404},
        {"/x/../status", 404},      {"/x/../health", 404}};
    for (const bool is_kept : {false, true}) {
        if (is_kept) {
            BOOST_TEST(
                eventually([&] { return api().get("/employees").header("X-Cache") == "HIT"; }));
        } else {
            BOOST_TEST(api().post("/cache/clear", "").status == 200);
        }
        for (const auto& [path, status] : spellings) {
            BOOST_TEST_CONTEXT(path << (is_kept ? " kept" : " cold")) {
                BOOST_TEST(sent("GET " + path).status == status);
            }
        }
    }
}
