// contract.md, "Who may": PUBLIC_PATH. Behind a server that shows Larder below a path, and takes it
// off each request as docs/deploying.md says, all that Larder answers leads back to it.
#define BOOST_TEST_MODULE public_path
#include <fstream>
#include <iterator>
#include <set>
#include <stdexcept>

#include "fixture.hpp"
#include "outer_nginx.hpp"

using namespace larder::test;

namespace {

struct PrefixedStack : SharedStack {
    PrefixedStack() : SharedStack(Environment{{"PUBLIC_PATH", "/api"}}) {}
};

/// The configuration that the documentation has, for the server of the tests.
std::string documented_location() {
    std::ifstream file(source_directory() / "docs" / "deploying.md");
    const std::string text(std::istreambuf_iterator<char>(file), {});
    const std::string fence = "```nginx\n";
    const auto begin = text.find(fence + "location /api/ {");
    if (begin == text.npos) throw std::runtime_error("docs/deploying.md has no location /api/");
    const auto start = begin + fence.size();
    std::string location = text.substr(start, text.find("```", start) - start);
    const std::string address = "http://127.0.0.1:8080";
    const auto at = location.find(address);
    if (at == location.npos) throw std::runtime_error("the location asks no Larder");
    return location.replace(at, address.size(), api().base_url());
}

const Client& outer() {
    static const OuterNginx nginx(documented_location());
    return nginx.client();
}

/// Where Link leads; "": nowhere.
std::string next_of(const Response& answer) {
    const auto link = answer.header("Link");
    return link.empty() ? "" : link.substr(1, link.find('>') - 1);
}

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(PrefixedStack);

BOOST_AUTO_TEST_CASE(a_new_record_is_where_location_says) {
    for (const std::string collection : {"/items", "/employees", "/products"}) {
        const auto body = collection == "/items"       ? std::string("{}")
                          : collection == "/employees" ? employee("A")
                                                       : product("A");
        const auto created = outer().post("/api" + collection, body);
        BOOST_TEST(created.status == 201);
        const auto location = created.header("Location");
        BOOST_TEST(location.starts_with("/api" + collection + "/"), location);
        BOOST_TEST(outer().get(location).status == 200);
        BOOST_TEST(outer().put(location, "{}").status == 200);
        BOOST_TEST(api().get(location.substr(4)).status == 200);
    }
}

BOOST_AUTO_TEST_CASE(link_leads_from_page_to_page) {
    for (int i = 0; i < 5; ++i) create("/employees", employee("P"));
    for (int round = 0; round < 2; ++round) {  // cold, and from the cache
        std::set<std::string> seen;
        std::string path = "/api/employees?limit=2";
        for (int pages = 0; !path.empty() && pages < 1000; ++pages) {
            BOOST_TEST(path.starts_with("/api/employees?"), path);
            const auto answer = outer().get(path);
            const auto page = expect_json(answer, 200);
            for (std::size_t i = 0; i < page.size(); ++i) {
                seen.insert(page.element(i)["id"].number());
            }
            path = next_of(answer);
        }
        BOOST_TEST(seen.size() == expect_json(outer().get("/api/employees"), 200).size());
    }
    const auto view = outer().get("/api/employees/top2-by-department?limit=1");
    BOOST_TEST(next_of(view).starts_with("/api/employees/top2-by-department?"));
}

BOOST_AUTO_TEST_CASE(the_description_names_the_server) {
    const auto document = expect_json(outer().get("/api/openapi.json"), 200);
    BOOST_TEST(document["servers"].size() == 1U);
    BOOST_TEST(document["servers"].element(0)["url"].string() == "/api");
    BOOST_TEST(document["paths"].contains("/items"));
}

BOOST_AUTO_TEST_CASE(a_page_of_the_server_itself_may_write) {
    const HeaderLines own = {"Origin: " + outer().base_url(), "Sec-Fetch-Site: same-origin"};
    BOOST_TEST(outer().post("/api/items", "{}", own).status == 201);
    expect_problem(outer().post("/api/items", "{}", {"Origin: https://evil.example"}), 403);
}

BOOST_AUTO_TEST_CASE(people_can_use_the_pages) {
    const auto finished = run({"node", LARDER_WEB_TESTS "/pages.mjs", outer().base_url(),
                               LARDER_WEB_TESTS "/screenshots-below-a-path", "/api"});
    BOOST_TEST(finished.status == 0, finished.output);
}

BOOST_AUTO_TEST_CASE(what_is_no_path_is_refused) {
    for (const auto* wrong :
         {"api", "/", "/api/", "/a b", "/../x", "/a;b", "https://a.example/api"}) {
        const auto refused = stack().script({"reload"}, {{"PUBLIC_PATH", wrong}});
        BOOST_TEST(refused.status == 1, wrong);
        BOOST_TEST(refused.output.contains("PUBLIC_PATH"), refused.output);
    }
}
