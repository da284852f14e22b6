// contract.md, "Everywhere", first row of the table of errors: what is not JSON is a 400.
#define BOOST_TEST_MODULE errors_syntax
#include "fixture.hpp"

using namespace larder::test;
using namespace std::string_literals;

BOOST_TEST_GLOBAL_FIXTURE(SharedStack);

namespace {

/// Every way in that takes a body has to refuse this one.
void refused_everywhere(const std::string& body) {
    static const auto employee_path = path_of("/employees", create("/employees", employee("A")));
    static const auto product_path = path_of("/products", create("/products", product("A")));
    static const auto item_path = path_of("/items", create("/items", "{}"));
    const HeaderLines json = {"Content-Type: application/json"};
    const HeaderLines merge_patch = {"Content-Type: application/merge-patch+json"};
    BOOST_TEST_CONTEXT(body.substr(0, 100)) {
        for (const auto* collection : {"/employees", "/products", "/items"}) {
            expect_problem(api().post(collection, body, json), 400);
        }
        for (const auto& path : {employee_path, product_path, item_path}) {
            expect_problem(api().put(path, body, json), 400);
            expect_problem(api().patch(path, body, merge_patch), 400);
        }
    }
}

/// `depth` containers, the innermost one empty.
std::string arrays(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

std::string objects(std::size_t depth) {
    std::string body;
    for (std::size_t i = 1; i < depth; ++i) body += R"({"a":)";
    return body + "{}" + std::string(depth - 1, '}');
}

}  // namespace

BOOST_AUTO_TEST_CASE(not_json) {
    for (const auto* body : {" ",
                             "{",
                             "}",
                             "{]",
                             "[1,]",
                             "{\"a\":1,}",
                             "{a:1}",
                             "{'a':1}",
                             "nul",
                             "True",
                             "NaN",
                             "Infinity",
                             "01",
                             "+1",
                             "1.",
                             ".5",
                             "1e",
                             "0x1",
                             "-",
                             "\"a",
                             "\"\\x\"",
                             "\"\\u12\"",
                             "{\"a\" 1}",
                             "{\"a\":}",
                             "{1:2}",
                             "// c\n{}",
                             "{} /* c */",
                             "\"tab\tin string\"",
                             "\"line\nin string\"",
                             "name=Alice&age=30",
                             "<item/>"}) {
        refused_everywhere(body);
    }
}

BOOST_AUTO_TEST_CASE(an_empty_body_is_not_json) {
    for (const auto* request : {"POST /employees", "POST /items"}) {
        const auto bytes =
            api().raw({request + " HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n"s +
                       "Content-Type: application/json\r\nContent-Length: 0\r\n\r\n"});
        expect_problem(parse_response(bytes), 400);
    }
}

BOOST_AUTO_TEST_CASE(trailing_garbage) {
    for (const auto* body : {"{} {}", "{}x", "{},", "{}]", "1 2"}) refused_everywhere(body);
    BOOST_TEST(api().post("/items", " \t\r\n{} \t\r\n").status == 201);
}

BOOST_AUTO_TEST_CASE(not_utf8) {
    for (const auto* bytes : {"\xFF", "\xC3", "\xC0\x80", "\xE0\x80\x80", "\xED\xA0\x80",
                              "\xF4\x90\x80\x80", "\x80", "\xF8\x88\x80\x80\x80"}) {
        refused_everywhere("{\"name\":\""s + bytes + "\"}");
        refused_everywhere("{\""s + bytes + "\":1}");
    }
    refused_everywhere("{\0\"\0a\0\"\0:\0001\0}\0"s);
}

BOOST_AUTO_TEST_CASE(half_of_a_surrogate_pair) {
    for (const auto* escape : {R"(\ud800)", R"(\udc00)", R"(\ud800\ud800)", R"(\ud83cx)"}) {
        refused_everywhere("{\"name\":\""s + escape + "\"}");
    }
}

BOOST_AUTO_TEST_CASE(nul) {
    refused_everywhere(R"({"name":"a\u0000b"})");
    refused_everywhere(R"({"a\u0000b":1})");
    refused_everywhere(R"({"a":[{"b":"\u0000"}]})");
    refused_everywhere("{\"name\":\"a\0b\"}"s);
    refused_everywhere("{}\0"s);
    BOOST_TEST(create("/items", R"({"a":"\\u0000"})")["a"].string() == "\\u0000");
}

BOOST_AUTO_TEST_CASE(duplicate_keys) {
    refused_everywhere(R"({"name":"A","name":"A"})");
    refused_everywhere(R"({"a":1,"b":{"c":1,"d":2,"c":3}})");
    refused_everywhere(R"({"a":[{"b":1,"b":1}]})");
    refused_everywhere(R"({"a":1,"\u0061":2})");
    refused_everywhere(R"({"id":1,"id":2})");
    refused_everywhere(R"({"":1,"":2})");
    BOOST_TEST(api().post("/items", R"({"a":{"a":{"a":1},"b":1},"b":1,"A":1})").status == 201);
}

BOOST_AUTO_TEST_CASE(depth) {
    refused_everywhere(arrays(33));
    refused_everywhere(objects(33));
    refused_everywhere("{\"name\":" + arrays(32) + "}");
    refused_everywhere(arrays(500000));
    refused_everywhere(std::string(500000, '['));
    BOOST_TEST(api().post("/items", objects(32)).status == 201);
    BOOST_TEST(api().post("/items", "{\"a\":" + arrays(31) + "}").status == 201);
    // Deep enough to be JSON, and only then of the wrong type.
    expect_problem(api().post("/items", arrays(32)), 422, {"/0"});
    expect_problem(api().post("/employees", objects(32)), 422,
                   {"/name", "/salary", "/department", "/a"});
    const auto path = path_of("/items", create("/items", "{}"));
    BOOST_TEST(api().put(path, objects(32)).status == 200);
    BOOST_TEST(api().patch(path, objects(32)).status == 200);
}
