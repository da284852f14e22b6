// contract.md, "Everywhere": the table of errors, its order, and the form of a problem.
// What counts as JSON is in errors_syntax.cpp, paths and methods in routing.cpp.
#define BOOST_TEST_MODULE errors
#include "fixture.hpp"

using namespace larder::test;

BOOST_TEST_GLOBAL_FIXTURE(SharedStack);

namespace {

constexpr std::size_t limit = 1048576;

/// An item of exactly `size` bytes.
std::string item_of(std::size_t size) {
    const std::string start = R"({"a":")";
    const std::string end = R"("})";
    return start + std::string(size - start.size() - end.size(), 'x') + end;
}

std::string unknown_item() { return "/items/" + std::string(unknown_uuid); }

std::string request_head(std::string_view line, std::string_view type = "application/json") {
    return std::string(line) + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n" +
           "Content-Type: " + std::string(type) + "\r\n";
}

std::string chunk(std::string_view bytes) {
    char size[32];
    std::snprintf(size, sizeof size, "%zx\r\n", bytes.size());
    return size + std::string(bytes) + "\r\n";
}

Response post_chunked(std::string_view path, std::string_view body) {
    const auto head =
        request_head("POST " + std::string(path)) + "Transfer-Encoding: chunked\r\n\r\n";
    const auto half = body.size() / 2;
    return parse_response(
        api().raw({head, chunk(body.substr(0, half)), chunk(body.substr(half)) + "0\r\n\r\n"}));
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_problem_has_the_members_of_rfc_9457) {
    const auto problem = expect_problem(api().get("/nothing"), 404);
    const auto type = problem["type"].string();
    const bool reference = type == "about:blank" || type.contains(':') || type.starts_with('/');
    BOOST_TEST(reference);
    BOOST_TEST(!problem.contains("errors"));
}

BOOST_AUTO_TEST_CASE(every_failed_field_at_once) {
    expect_problem(api().post("/employees", "{}"), 422, {"/name", "/salary", "/department"});
    expect_problem(api().post("/employees", R"({"name": 1, "salary": "x", "department": null,
        "employee_id": [], "color": 1, "a": null})"),
                   422, {"/name", "/salary", "/department", "/employee_id", "/color", "/a"});
    expect_problem(api().post("/products", "{}"), 422, {"/name", "/price", "/stock_quantity"});
    expect_problem(api().post("/products", R"({"name": "", "description": 5, "price": -1,
        "stock_quantity": 0.5})"),
                   422, {"/name", "/description", "/price", "/stock_quantity"});
    const auto path = path_of("/products", create("/products", product("A")));
    expect_problem(api().put(path, R"({"name": null, "price": {}, "x": 1})"), 422,
                   {"/name", "/price", "/x"});
    expect_problem(api().patch(path, R"({"name": null, "price": {}, "x": 1})"), 422,
                   {"/name", "/price", "/x"});
}

BOOST_AUTO_TEST_CASE(pointers_are_rfc_6901) {
    expect_problem(api().post("/employees", R"({"name": "A", "salary": 1, "department": "B",
        "a/b": 1, "m~n": 1, "~1": 1, "": 1, "\u00e9\"": 1})"),
                   422, {"/a~1b", "/m~0n", "/~01", "/", "/\xC3\xA9\""});
    for (const auto* body : {"[]", "1", "\"x\"", "null"}) {
        expect_problem(api().post("/employees", body), 422, {""});
        expect_problem(api().post("/products", body), 422, {""});
    }
}

BOOST_AUTO_TEST_CASE(nothing_is_stored_by_a_refused_request) {
    const auto name = unique_text("refused");
    expect_problem(api().post("/employees", R"({"name": ")" + name + R"(", "salary": 1,
        "department": "B", "color": 1})"),
                   422, {"/color"});
    const auto record = create("/employees", employee("A"));
    const auto path = path_of("/employees", record);
    expect_problem(api().put(path, R"({"name": "B", "salary": -1})"), 422, {"/salary"});
    BOOST_TEST(expect_json(api().get(path), 200) == record);
    BOOST_TEST(!api().get("/employees").body.contains(name));
}

BOOST_AUTO_TEST_CASE(content_type_that_is_not_json) {
    for (const auto* type :
         {"Content-Type: text/plain", "Content-Type: text/html",
          "Content-Type: application/x-www-form-urlencoded", "Content-Type: application/jsonp",
          "Content-Type: application", "Content-Type: application/xml; a=application/json",
          "Content-Type:"}) {
        BOOST_TEST_CONTEXT(type) {
            expect_problem(api().post("/items", "{}", {type}), 415);
            expect_problem(api().put(unknown_item(), "{}", {type}), 415);
        }
    }
    expect_problem(api().post("/items", ""), 415);
}

BOOST_AUTO_TEST_CASE(a_coding_is_refused_in_whichever_line_it_stands) {
    const std::string json = "Content-Type: application/json";
    for (const HeaderLines& lines :
         {HeaderLines{json, "Content-Encoding: gzip", "Content-Encoding: identity"},
          HeaderLines{json, "Content-Encoding: identity", "Content-Encoding: gzip"}}) {
        expect_problem(api().post("/items", "{}", lines), 415);
    }
}

BOOST_AUTO_TEST_CASE(case_and_parameters_of_the_content_type_do_not_matter) {
    for (const auto* type :
         {"Content-Type: application/json; charset=utf-8", "Content-Type: APPLICATION/JSON",
          "Content-Type: Application/Json;charset=\"UTF-8\"",
          "Content-Type: application/json ; a=b", "Content-Type: application/json;"}) {
        BOOST_TEST_CONTEXT(type) { BOOST_TEST(api().post("/items", "{}", {type}).status == 201); }
    }
    const auto path = path_of("/items", create("/items", "{}"));
    for (const auto* type : {"Content-Type: application/merge-patch+json;charset=utf-8",
                             "Content-Type: Application/Merge-Patch+JSON"}) {
        BOOST_TEST(api().patch(path, R"({"a": 1})", {type}).status == 200);
    }
}

BOOST_AUTO_TEST_CASE(the_limit_of_a_body_is_exact) {
    const auto item = expect_json(api().post("/items", item_of(limit)), 201);
    BOOST_TEST(item["a"].string().size() == limit - 8);
    const auto path = path_of("/items", item);
    expect_problem(api().post("/items", item_of(limit + 1)), 413);
    expect_problem(api().put(path, item_of(limit + 1)), 413);
    expect_problem(api().patch(path, item_of(limit + 1)), 413);
    expect_problem(api().post("/items", item_of(20 * limit)), 413);
    BOOST_TEST(api().put(path, item_of(limit)).status == 200);
    BOOST_TEST(api().patch(path, item_of(limit)).status == 200);
}

BOOST_AUTO_TEST_CASE(the_limit_holds_where_a_body_means_nothing) {
    const auto path = path_of("/items", create("/items", "{}"));
    for (const auto* list : {"/items", "/employees", "/health"}) {
        expect_problem(api().request("GET", list, item_of(limit + 1)), 413);
    }
    for (const auto* method : {"GET", "OPTIONS", "DELETE"}) {
        expect_problem(api().request(method, path, item_of(limit + 1)), 413);
    }
    expect_problem(api().post("/cache/clear", item_of(limit + 1)), 413);
    BOOST_TEST(api().get(path).status == 200);
    BOOST_TEST(api().request("DELETE", path, item_of(limit)).status == 200);
}

BOOST_AUTO_TEST_CASE(bodies_may_be_chunked) {
    const auto item = expect_json(post_chunked("/items", R"({"name": "chunked"})"), 201);
    BOOST_TEST(item["name"].string() == "chunked");
    BOOST_TEST(post_chunked("/items", item_of(limit)).status == 201);
    expect_problem(post_chunked("/items", item_of(limit + 1)), 413);
    expect_problem(post_chunked("/items", "{"), 400);
}

BOOST_AUTO_TEST_CASE(a_body_that_is_cut_off) {
    const auto bytes =
        api().raw({request_head("POST /items") + "Content-Length: 7\r\n\r\n", R"({"a":1)", "\n"});
    expect_problem(parse_response(bytes), 400);
}

BOOST_AUTO_TEST_CASE(checks_come_in_the_order_of_the_contract) {
    const auto too_large = item_of(limit + 1);
    const HeaderLines text = {"Content-Type: text/plain"};
    // route (404), method (405), content type (415), size (413), JSON (400)
    expect_problem(api().post("/nothing", too_large, text), 404);
    expect_problem(api().put("/employees", too_large, text), 405);
    expect_problem(api().post("/employees/high-salary", too_large), 405);
    expect_problem(api().post("/employees", too_large, text), 415);
    expect_problem(api().post("/employees", std::string(limit + 1, '{')), 413);
    expect_problem(api().post("/employees", "{", text), 415);
    // JSON (400), values (422)
    expect_problem(api().post("/employees", R"({"color": 1, "color": 1})"), 400);
    expect_problem(api().post("/employees", R"({"salary": -1)"), 400);
    // values (422), record (404)
    expect_problem(api().put("/employees/999999999", R"({"salary": -1})"), 422, {"/salary"});
    expect_problem(api().put("/employees/999999999", "{"), 400);
    expect_problem(api().put("/employees/999999999", R"({"salary": 1})"), 404);
    // the form of an id belongs to the route
    expect_problem(api().put("/employees/x", "{", text), 404);
}

BOOST_AUTO_TEST_CASE(record_then_if_match_then_uniqueness) {
    const auto taken = unique_text("E");
    create("/employees", employee_with_id(taken));
    const auto path = path_of("/employees", create("/employees", employee("A")));
    const auto body = R"({"employee_id": ")" + taken + "\"}";
    const HeaderLines stale = {"If-Match: \"stale\""};
    expect_problem(api().put("/employees/999999999", body, stale), 404);
    expect_problem(api().put("/employees/999999999", body), 404);
    expect_problem(api().put(path, R"({"salary": -1})", stale), 422, {"/salary"});
    for (int i = 0; i < 2; ++i) {
        expect_problem(api().put(path, body, stale), 412);
        expect_problem(api().patch(path, body, stale), 412);
        expect_problem(api().put(path, body), 409);
    }
}

BOOST_AUTO_TEST_CASE(a_duplicate_is_named_in_the_detail) {
    const auto taken = unique_text("E");
    create("/employees", employee_with_id(taken));
    const auto problem = expect_problem(api().post("/employees", employee_with_id(taken)), 409);
    BOOST_TEST(problem["detail"].string().contains(taken));
}

BOOST_AUTO_TEST_CASE(bodies_where_none_is_asked_for_do_no_harm) {
    BOOST_TEST(api().request("GET", "/employees", "{").status == 200);
    BOOST_TEST(api().post("/cache/clear", "").status == 200);
    BOOST_TEST(api().post("/cache/clear", "{}").status == 200);
    BOOST_TEST(api().post("/cache/clear", "x=1", {"Content-Type: text/plain"}).status == 200);
    const auto path = path_of("/items", create("/items", "{}"));
    BOOST_TEST(api().request("DELETE", path, "{}").status == 200);
}
