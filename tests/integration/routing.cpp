// contract.md, "Everywhere": routes, methods, ids, paths, HEAD and OPTIONS.
#define BOOST_TEST_MODULE routing
#include "fixture.hpp"

using namespace larder::test;

BOOST_TEST_GLOBAL_FIXTURE(SharedStack);

namespace {

const std::string unknown(unknown_uuid);

Response raw_request(const std::string& method_and_target) {
    return parse_response(api().raw(
        {method_and_target + " HTTP/1.1\r\nHost: localhost\r\n" + "Connection: close\r\n\r\n"}));
}

}  // namespace

BOOST_AUTO_TEST_CASE(ids_of_the_wrong_form) {
    for (const auto* id :
         {"abc", "-1", "+1", "%2B1", "01", "00", "1.0", "1e3", "%201", "1%20",
          "9223372036854775808", "99999999999999999999", "0x1", "1,2", "%31%00", "\xD9\xA1"}) {
        BOOST_TEST_CONTEXT(id) {
            const auto status = api().get("/employees/" + std::string(id)).status;
            // No server can route a NUL or a space; nginx itself refuses these.
            const bool refused = status == 404 || status == 400;
            BOOST_TEST(refused);
        }
    }
    for (const auto* id : {"abc", "-1", "+1", "01", "00", "1.0", "1e3", "9223372036854775808"}) {
        const auto path = "/employees/" + std::string(id);
        expect_problem(api().get(path), 404);
        expect_problem(api().put(path, "{}"), 404);
        expect_problem(api().patch(path, "{}"), 404);
        expect_problem(api().del(path), 404);
        expect_problem(api().options(path), 404);
    }
    for (const auto* id : {"0", "9223372036854775807"}) {
        expect_problem(api().get("/employees/" + std::string(id)), 404);
    }
}

BOOST_AUTO_TEST_CASE(uuids_of_the_wrong_form) {
    const std::string bare = "550e8400e29b41d4a716446655440000";
    for (const auto& id : {std::string("1"), bare, "%7B" + unknown + "%7D", "urn:uuid:" + unknown,
                           unknown + "0", unknown.substr(1), unknown.substr(0, 35) + "g",
                           std::string("550e-8400e29b-41d4-a716-446655440000"),
                           std::string("550e8400-e29b-41d4-a716_446655440000")}) {
        BOOST_TEST_CONTEXT(id) {
            for (const auto* collection : {"/products/", "/items/"}) {
                const auto path = collection + id;
                expect_problem(api().get(path), 404);
                expect_problem(api().put(path, "{}"), 404);
                expect_problem(api().del(path), 404);
                expect_problem(api().options(path), 404);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(records_that_are_not_there) {
    for (const auto& path :
         {std::string("/employees/999999999"), "/products/" + unknown, "/items/" + unknown}) {
        expect_problem(api().get(path), 404);
        expect_problem(api().put(path, "{}"), 404);
        expect_problem(api().patch(path, "{}"), 404);
        expect_problem(api().del(path), 404);
        BOOST_TEST(api().head(path).status == 404);
    }
}

BOOST_AUTO_TEST_CASE(methods_of_every_route) {
    struct Route {
        std::string path;
        std::initializer_list<std::string_view> allowed;
        std::initializer_list<const char*> refused;
    };
    const std::initializer_list<std::string_view> list = {"GET", "HEAD", "OPTIONS", "POST"};
    const std::initializer_list<std::string_view> record = {"GET",   "HEAD",   "OPTIONS",
                                                            "PATCH", "DELETE", "PUT"};
    const std::initializer_list<std::string_view> view = {"GET", "HEAD", "OPTIONS"};
    const Route routes[] = {
        {"/employees", list, {"PUT", "PATCH", "DELETE", "PROPFIND"}},
        {"/products", list, {"PUT", "PATCH", "DELETE", "QUERY"}},
        {"/items", list, {"PUT", "PATCH", "DELETE", "MKCOL"}},
        {"/employees/1", record, {"POST", "LINK"}},
        {"/products/" + unknown, record, {"POST", "COPY"}},
        {"/items/" + unknown, record, {"POST", "LOCK"}},
        {"/employees/high-salary", view, {"POST", "PUT", "PATCH", "DELETE"}},
        {"/employees/top2-by-department", view, {"POST", "PUT", "PATCH", "DELETE"}},
        {"/cache/clear", {"OPTIONS", "POST"}, {"GET", "HEAD", "PUT", "DELETE"}},
    };
    for (const auto& route : routes) {
        const auto options = api().options(route.path);
        BOOST_TEST_CONTEXT("OPTIONS " << route.path << ": " << options.status) {
            BOOST_TEST(options.status / 100 == 2);
            expect_allow(options, route.allowed);
        }
        for (const std::string_view method : route.refused) {
            BOOST_TEST_CONTEXT(method << ' ' << route.path) {
                const auto response = api().request(method, route.path);
                BOOST_TEST(response.status == 405);
                if (method != "HEAD") expect_problem(response, 405);
                expect_allow(response, route.allowed);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(trace_is_no_method_of_any_route) {
    for (const auto* path : {"/employees", "/employees/1", "/health"}) {
        const auto response = raw_request("TRACE " + std::string(path));
        BOOST_TEST_CONTEXT(path) {
            expect_problem(response, 405);
            BOOST_TEST(response.has("Allow"));
        }
    }
}

BOOST_AUTO_TEST_CASE(head_is_get_without_the_body) {
    const auto employee_path = path_of("/employees", create("/employees", employee("A")));
    const auto product_path = path_of("/products", create("/products", product("A")));
    const auto item_path = path_of("/items", create("/items", "{}"));
    for (const auto& path : {employee_path, product_path, item_path, std::string("/employees"),
                             std::string("/employees/high-salary"), std::string("/products"),
                             std::string("/employees/top2-by-department"), std::string("/items")}) {
        BOOST_TEST_CONTEXT(path) {
            for (int round = 0; round < 2; ++round) {
                const auto head = api().head(path);
                const auto get = api().get(path);
                BOOST_TEST(head.status == 200);
                BOOST_TEST(head.body == "");
                BOOST_TEST(head.has("X-Cache"));
                BOOST_TEST(head.header("Content-Type") == get.header("Content-Type"));
                BOOST_TEST(head.header("ETag") == get.header("ETag"));
                BOOST_TEST(!get.body.empty());
            }
        }
    }
    // A HEAD that comes first must not leave an empty list in the cache.
    BOOST_TEST(api().post("/cache/clear", "").status == 200);
    BOOST_TEST(api().head("/employees").status == 200);
    BOOST_TEST(expect_json(api().get("/employees"), 200).size() > 0U);
}

BOOST_AUTO_TEST_CASE(a_path_ends_without_a_slash) {
    const auto product_path = path_of("/products", create("/products", product("A")));
    for (const auto& path :
         {std::string("/employees/"), std::string("/products/"), std::string("/items/"),
          std::string("/employees/high-salary/"), std::string("/health/"), std::string("/user/"),
          std::string("/cache/clear/"), product_path + "/", std::string("/employees//"),
          std::string("/employees/1/")}) {
        BOOST_TEST_CONTEXT(path) {
            expect_problem(api().get(path), 404);
            expect_problem(api().post(path, "{}"), 404);
        }
    }
    for (const auto* path : {"//employees", "/employees//high-salary"}) {
        BOOST_TEST_CONTEXT(path) { expect_problem(api().get(path), 404); }
    }
}

BOOST_AUTO_TEST_CASE(percent_encoding_means_the_same_path) {
    const auto record = create("/employees", employee("A"));
    const auto id = record["id"].number();
    std::string encoded = "/%65mployees/";
    for (const char digit : id) encoded += std::string("%3") + digit;
    BOOST_TEST(expect_json(api().get(encoded), 200) == record);
    BOOST_TEST(expect_json(api().put(encoded, R"({"salary": 3})"), 200)["salary"].number() == "3");
    BOOST_TEST(expect_json(api().get("/employees/" + id), 200)["salary"].number() == "3");
    BOOST_TEST(api().get("/%65mployees").status == 200);
    // An encoded slash is part of a segment.
    expect_problem(api().get("/employees%2F" + id), 404);
    expect_problem(api().get("/employees%2Fhigh-salary"), 404);
    expect_problem(api().get("/employees%3Flimit=1"), 404);
}

BOOST_AUTO_TEST_CASE(lists_under_an_encoded_path_are_fresh_too) {
    for (int i = 0; i < 2; ++i) {
        const auto record = create("/employees", employee("A"));
        for (const auto* path : {"/%65mployees", "/employee%73", "/employees"}) {
            for (int round = 0; round < 2; ++round) {
                const auto list = expect_json(api().get(path), 200);
                BOOST_TEST_CONTEXT(path) { BOOST_TEST(with_id(list, record["id"]) == record); }
            }
        }
        const auto item = create("/items", "{}");
        const auto list = expect_json(api().get("/%69tems"), 200);
        BOOST_TEST(with_id(list["items"], item["id"]) == item);
    }
}

BOOST_AUTO_TEST_CASE(malformed_requests_are_problems_too) {
    for (const auto* line : {"GET /user/%zz", "GET /user/%", "GET /employees/%00", "GET /../etc"}) {
        const auto response = raw_request(line);
        BOOST_TEST_CONTEXT(line << ": " << response.status) {
            BOOST_TEST(response.status >= 400);
            BOOST_TEST(response.status < 500);
            expect_problem(response, response.status);
        }
    }
    expect_problem(raw_request("GET /user/" + std::string(100000, 'x')), 414);
    expect_problem(
        parse_response(api().raw({"GET /employees HTTP/1.1\r\nHost: localhost\r\nX-Long: " +
                                  std::string(200000, 'x') + "\r\n\r\n"})),
        431);
}

BOOST_AUTO_TEST_CASE(one_connection_serves_many_requests) {
    for (int i = 0; i < 50; ++i) {
        BOOST_TEST(api().get("/employees").status == 200);
        BOOST_TEST(api().get("/nothing").status == 404);
        BOOST_TEST(api().get("/health").status == 200);
    }
}
