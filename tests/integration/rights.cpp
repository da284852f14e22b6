// Who may: every operation of the interface by every kind of client, cold and cached. The
// operations are those of the OpenAPI document, so that none is forgotten; the rights stand in
// guarded.hpp.
#define BOOST_TEST_MODULE rights
#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <map>
#include <set>

#include "guarded.hpp"

using namespace larder::test;
namespace fs = std::filesystem;

BOOST_TEST_GLOBAL_FIXTURE(GuardedStack);

namespace {

using Roles = std::set<std::string>;

/// Of a request, for example by a token of some roles, or by nothing that counts.
struct Visitor {
    std::string name;
    HeaderLines headers;
    std::string query = {};
    Roles roles = {};
    bool has_token = false;   ///< a valid one
    bool is_refused = false;  ///< for what it shows: 401 wherever a token is looked at
};

struct Operation {
    std::string method;
    std::string path;
};

const std::map<std::string, std::map<std::string, Roles>>& rights() {
    static const std::map<std::string, std::map<std::string, Roles>> table = {
        {"boats",
         {{"read", {"auditor", "clerk"}},
          {"create", {"clerk"}},
          {"change", {"clerk"}},
          {"delete", {"harbour"}}}},
        {"items", {{"read", {"anyone"}}, {"create", {"clerk"}}, {"change", {"clerk"}}}},
        {"employees", {{"read", {"clerk"}}, {"change", {"auditor"}}, {"delete", {"clerk"}}}},
        {"products", {}}};
    return table;
}

std::string first_segment(const std::string& path) {
    return path.substr(1, path.find_first_of("/?", 1) - 1);
}

bool is_open(const Operation& operation) {
    static const Roles open = {"",      "user",   "health",       "docs",
                               "redoc", "status", "openapi.json", "metrics"};
    return operation.method == "OPTIONS" || open.contains(first_segment(operation.path));
}

/// What the contract has for it: 401, 403, or 0 for any answer that is neither.
int expected(const Operation& operation, const Visitor& visitor) {
    if (is_open(operation)) return 0;
    if (visitor.is_refused) return 401;
    Roles may;
    if (const auto found = rights().find(first_segment(operation.path)); found != rights().end()) {
        static const std::map<std::string, std::string> actions = {
            {"GET", "read"},   {"HEAD", "read"},    {"POST", "create"},
            {"PUT", "change"}, {"PATCH", "change"}, {"DELETE", "delete"}};
        const auto roles = found->second.find(actions.at(operation.method));
        if (roles != found->second.end()) may = roles->second;
    }
    if (may.contains("anyone") || visitor.roles.contains("admin")) return 0;
    const bool has_role = std::ranges::any_of(
        visitor.roles, [&](const std::string& role) { return may.contains(role); });
    if (has_role) return 0;
    return visitor.has_token ? 403 : 401;
}

std::string token_of(const std::string& role) {
    static std::map<std::string, std::string> made;
    auto& token = made[role];
    if (token.empty()) token = create_token("walker-" + role, {role});
    return token;
}

const std::vector<Visitor>& visitors() {
    static const std::vector<Visitor> all = [] {
        const std::string clerk = token_of("clerk");
        std::vector<Visitor> list = {{.name = "nobody", .headers = {}}};
        for (const auto* role : {"admin", "clerk", "auditor", "harbour", "metrics", "stranger"}) {
            list.push_back({.name = role,
                            .headers = bearer(token_of(role)),
                            .roles = {role},
                            .has_token = true});
        }
        list.push_back({.name = "two roles",
                        .headers = bearer(create_token("walker-two", {"auditor", "harbour"})),
                        .roles = {"auditor", "harbour"},
                        .has_token = true});
        list.push_back({.name = "any case",
                        .headers = {"Authorization: bEaReR   " + clerk},
                        .roles = {"clerk"},
                        .has_token = true});
        std::string other = clerk;
        other.back() = other.back() == 'A' ? 'E' : 'A';
        const std::map<std::string, std::string> refused = {
            {"a random token", "larder_" + std::string(43, 'x')},
            {"another of the same length and prefix", other},
            {"cut off", clerk.substr(0, clerk.size() - 1)},
            {"longer", clerk + "A"},
            {"no token", "x"},
            {"the way out", ".."},
            {"a slash", clerk + "/../" + clerk},
            {"the name of the link", "anyone"},
            {"a long one", std::string(1999, 'y')},
            {"two", clerk + " " + clerk},
            {"empty", ""},
            {"a JWT", "eyJhbGciOiJub25lIn0.eyJyb2xlcyI6WyJhZG1pbiJdfQ."}};
        for (const auto& [name, token] : refused) {
            list.push_back({.name = name, .headers = bearer(token), .is_refused = true});
        }
        // These are no tokens at all.
        list.push_back({.name = "in a cookie", .headers = {"Cookie: access_token=" + clerk}});
        list.push_back({.name = "in the query", .headers = {}, .query = "access_token=" + clerk});
        list.push_back({.name = "another scheme", .headers = {"Authorization: Basic " + clerk}});
        list.push_back({.name = "another header", .headers = {"X-Authorization: Bearer " + clerk}});
        return list;
    }();
    return all;
}

/// The operations of the document, with a record that is there and with one that is not.
std::vector<Operation> operations() {
    static const std::map<std::string, std::vector<std::string>> ids = [] {
        const auto admin = bearer(token_of("admin"));
        std::map<std::string, std::vector<std::string>> found;
        const std::map<std::string, std::string> bodies = {{"boats", R"({"name": "Argo"})"},
                                                           {"items", R"({"name": "Lamp"})"},
                                                           {"employees", employee("Ada")},
                                                           {"products", product("Lamp")}};
        for (const auto& [name, body] : bodies) {
            const auto made = api().post("/" + name, body, admin);
            BOOST_REQUIRE(made.status == 201);
            const auto location = made.header("Location");
            const bool is_uuid = name == "items" || name == "products";
            found[name] = {location.substr(location.rfind('/') + 1),
                           is_uuid ? std::string(unknown_uuid) : "999999"};
        }
        return found;
    }();
    const Json document = expect_json(api().get("/openapi.json"), 200);
    std::vector<Operation> all;
    for (const std::string& pattern : document["paths"].names()) {
        std::vector<std::string> paths = {pattern};
        if (const auto at = pattern.find("{id}"); at != pattern.npos) {
            paths.clear();
            for (const auto& id : ids.at(first_segment(pattern))) {
                paths.push_back(pattern.substr(0, at) + id);
            }
        } else if (const auto name = pattern.find("{name}"); name != pattern.npos) {
            paths = {pattern.substr(0, name) + "Ada"};
        }
        for (std::string method : document["paths"][pattern].names()) {
            if (method == "parameters") continue;
            std::ranges::transform(method, method.begin(),
                                   [](unsigned char c) { return std::toupper(c); });
            for (const auto& path : paths) all.push_back({method, path});
        }
    }
    return all;
}

/// With a body that no operation accepts, so that what is allowed changes nothing either; a DELETE
/// that is allowed asks for a version that there is not.
Response ask(const Operation& operation, const Visitor& visitor) {
    HeaderLines headers = visitor.headers;
    std::string body;
    if (operation.method == "POST" || operation.method == "PUT" || operation.method == "PATCH") {
        body = "[]";
    }
    if (operation.method == "DELETE") headers.emplace_back("If-Match: \"none\"");
    std::string path = operation.path;
    if (!visitor.query.empty()) {
        path += (path.contains('?') ? "&" : "?") + visitor.query;
    }
    return api().request(operation.method, path, body, headers);
}

void check(const Operation& operation, const Visitor& visitor) {
    const Response response = ask(operation, visitor);
    const int refusal = expected(operation, visitor);
    const auto where = operation.method + " " + operation.path + " by " + visitor.name;
    BOOST_TEST_CONTEXT(where) {
        if (refusal == 0) {
            BOOST_TEST((response.status != 401 && response.status != 403 && response.status < 500 &&
                        response.status >= 200),
                       response.status << " " << response.body);
            return;
        }
        const bool is_bad = refusal == 401 && visitor.is_refused;
        expect_refusal(response, refusal,
                       refusal == 403 ? "insufficient_scope"
                       : is_bad       ? "invalid_token"
                                      : "");
        if (operation.method != "HEAD") expect_problem(response, refusal);
    }
}

void clear_caches() {
    BOOST_TEST(api().post("/cache/clear", "", bearer(token_of("admin"))).status == 200);
}

/// Lists in every form in which nginx keeps them, and records.
std::vector<std::string> cached_paths() {
    std::vector<std::string> paths;
    for (const auto& operation : operations()) {
        const bool is_resource = rights().contains(first_segment(operation.path));
        if (operation.method != "GET" || !is_resource) continue;
        paths.push_back(operation.path);
        const bool is_record =
            std::ranges::any_of(operation.path.substr(operation.path.rfind('/') + 1),
                                [](unsigned char c) { return std::isdigit(c); });
        if (!is_record || operation.path.contains("top2"))
            paths.push_back(operation.path + "?limit=1");
    }
    for (const auto* path : {"/boats?state=afloat", "/boats?state=afloat&limit=1",
                             "/boats?sort=-name", "/boats/afloat?limit=2"}) {
        paths.emplace_back(path);
    }
    return paths;
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_operation_by_every_client_cold) {
    const auto all = operations();
    BOOST_TEST(all.size() > 60U);
    clear_caches();
    for (const auto& operation : all) {
        for (const auto& visitor : visitors()) {
            if (operation.path == "/cache/clear" && operation.method == "POST" &&
                visitor.roles.contains("admin")) {
                continue;
            }
            check(operation, visitor);
        }
    }
}

BOOST_AUTO_TEST_CASE(every_read_by_every_client_cached) {
    for (const auto& path : cached_paths()) {
        // So nginx has it, and a link for each who may read it.
        std::vector<const Visitor*> readers;
        for (const auto& visitor : visitors()) {
            if (expected({"GET", path}, visitor) == 0) readers.push_back(&visitor);
        }
        const bool is_there = api().get(path, bearer(token_of("admin"))).status == 200;
        for (const Visitor* reader : readers) {
            // Of what is no token nginx knows nothing, so it asks workers.
            if (!is_there || !reader->query.empty() || reader->name == "another scheme") continue;
            BOOST_TEST(
                eventually([&] { return ask({"GET", path}, *reader).header("X-Cache") == "HIT"; }),
                path << " by " << reader->name << " is not cached");
        }
        const auto tag = api().get(path, bearer(token_of("admin"))).header("ETag");
        for (const auto& visitor : visitors()) {
            check({"GET", path}, visitor);
            check({"HEAD", path}, visitor);
            if (tag.empty()) continue;
            Visitor conditional = visitor;
            conditional.headers.emplace_back("If-None-Match: " + tag);
            check({"GET", path}, conditional);
        }
    }
}

BOOST_AUTO_TEST_CASE(refusals_say_nothing_of_what_is_there) {
    const auto stranger = bearer(token_of("stranger"));
    std::set<std::string> bodies;
    for (const auto* path : {"/employees/1", "/employees/999999", "/employees/2"}) {
        bodies.insert(api().get(path, stranger).body);
    }
    BOOST_TEST(bodies.size() == 1U);
    // Before anything of the request is looked at.
    expect_refusal(api().post("/products", "{", stranger), 403, "insufficient_scope");
    expect_refusal(api().post("/products", std::string(2U << 20U, 'x'), stranger), 403,
                   "insufficient_scope");
    expect_refusal(api().post("/products", std::string(100000, 'x'), stranger), 403,
                   "insufficient_scope");
    expect_refusal(api().get("/products?colour=red", stranger), 403, "insufficient_scope");
    expect_refusal(api().request("POST", "/products", "a=b", {"Content-Type: text/plain"}), 401);
    // The path and the method come before.
    BOOST_TEST(api().get("/nothing").status == 404);
    BOOST_TEST(api().get("/products/7").status == 404);
    BOOST_TEST(api().request("PUT", "/products").status == 405);
}

BOOST_AUTO_TEST_CASE(the_document_says_who_may) {
    const Json document = expect_json(api().get("/openapi.json"), 200);
    BOOST_TEST(document["components"]["securitySchemes"].contains("token"));
    BOOST_TEST(document["paths"]["/products"]["get"]["responses"].contains("401"));
    BOOST_TEST(document["paths"]["/health"]["get"]["security"].size() == 0U);
    BOOST_TEST(document["paths"]["/items"]["get"]["security"].size() == 2U);
    BOOST_TEST(
        document["paths"]["/boats"]["post"]["description"].text().contains("`clerk` or `admin`"));
}

BOOST_AUTO_TEST_CASE(logs_have_names_and_no_secrets) {
    (void)api().put("/employees/1", "{", bearer(token_of("auditor")));
    const auto logs = stack().directory() / "stack" / "logs";
    for (const auto& entry : fs::directory_iterator(logs)) {
        std::ifstream file(entry.path());
        const std::string text{std::istreambuf_iterator<char>(file), {}};
        for (const auto& visitor : visitors()) {
            for (const auto& header : visitor.headers) {
                const auto secret = header.substr(header.rfind(' ') + 1);
                if (secret.size() < 20) continue;
                BOOST_TEST(!text.contains(secret), entry.path() << " has " << visitor.name);
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(the_last_use_of_a_token_is_told) {
    const auto token = create_token("used", {"clerk"});
    BOOST_TEST(api().get("/boats", bearer(token)).status == 200);
    BOOST_TEST(eventually([] {
        return stack().database().value(
                   "SELECT count(*) FROM larder.token_uses AS u JOIN larder.tokens AS t"
                   " ON t.id = u.token WHERE t.name = 'used'") == "1";
    }));
}
