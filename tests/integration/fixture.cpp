#include "fixture.hpp"

#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cstdlib>
#include <set>
#include <sstream>

namespace larder::test {
namespace {

std::set<std::string> methods_in(std::string allow) {
    std::ranges::replace(allow, ',', ' ');
    std::istringstream words(allow);
    std::set<std::string> methods;
    for (std::string word; words >> word;) methods.insert(word);
    return methods;
}

std::string excerpt(const Response& response) {
    return "answer: " + std::to_string(response.status) + ' ' + response.error + ' ' +
           response.body.substr(0, 400);
}

}  // namespace

Finished check_schema() {
    const auto status = stack().status();
    return run({program_directory() / "larder-worker", "--check"},
               {{"DATABASE_URL", status.at("database_url")},
                {"RESOURCES_DIR", stack().directory() / "stack" / "resources"},
                {"REDIS_URL", status.at("redis_url")},
                {"RUN_DIR", status.at("run_dir")}});
}

Json expect_json(const Response& response, int status) {
    BOOST_TEST_CONTEXT(excerpt(response)) {
        BOOST_TEST(response.status == status);
        BOOST_TEST(response.header("Content-Type").starts_with("application/json"));
        auto body = Json::parse(response.body);
        BOOST_TEST(!body.is(Json::Kind::missing));
        return body;
    }
    return {};
}

Json expect_problem(const Response& response, int status,
                    std::initializer_list<std::string_view> pointers) {
    BOOST_TEST_CONTEXT(excerpt(response)) {
        BOOST_TEST(response.status == status);
        BOOST_TEST(response.header("Content-Type").starts_with("application/problem+json"));
        auto body = Json::parse(response.body);
        BOOST_TEST(body["type"].is(Json::Kind::string));
        BOOST_TEST(!body["title"].string().empty());
        BOOST_TEST(body["status"].number() == std::to_string(status));
        BOOST_TEST(body["detail"].is(Json::Kind::string));
        BOOST_TEST(!body["detail"].text().empty());
        std::multiset<std::string> found;
        for (const auto& error : body["errors"].elements()) {
            found.insert(error["pointer"].string());
            BOOST_TEST(error["detail"].is(Json::Kind::string));
            BOOST_TEST(!error["detail"].text().empty());
        }
        const std::multiset<std::string> expected(pointers.begin(), pointers.end());
        BOOST_TEST(found == expected, boost::test_tools::per_element());
        return body;
    }
    return {};
}

void expect_allow(const Response& response, std::initializer_list<std::string_view> methods) {
    const std::set<std::string> expected(methods.begin(), methods.end());
    BOOST_TEST_CONTEXT("Allow: " << response.header("Allow")) {
        BOOST_TEST((methods_in(response.header("Allow")) == expected));
    }
}

Json create(std::string_view collection, std::string_view body) {
    return expect_json(api().post(collection, body), 201);
}

std::string path_of(std::string_view collection, const Json& record) {
    return std::string(collection) + '/' + record["id"].text();
}

std::string unique_text(std::string_view prefix) {
    static std::atomic<unsigned> count = 0;
    return std::string(prefix) + '-' + std::to_string(getpid()) + '-' + std::to_string(++count);
}

std::string employee(std::string_view name, std::string_view salary, std::string_view department) {
    return "{\"name\": " + json_string(name) + ", \"salary\": " + std::string(salary) +
           ", \"department\": " + json_string(department) + '}';
}

std::string employee_with_id(std::string_view employee_id) {
    return R"({"name": "Eve", "salary": 1, "department": "Sales", "employee_id": )" +
           json_string(employee_id) + '}';
}

std::string product(std::string_view name, std::string_view price) {
    return "{\"name\": " + json_string(name) + ", \"price\": " + std::string(price) +
           ", \"stock_quantity\": 150}";
}

const Json& with_id(const Json& records, const Json& id) {
    static const Json nothing;
    const auto found =
        std::ranges::find(records.elements(), id, [](const Json& record) { return record["id"]; });
    return found == records.elements().end() ? nothing : *found;
}

bool is_uuid(std::string_view text) {
    if (text.size() != 36) return false;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool dash = i == 8 || i == 13 || i == 18 || i == 23;
        const bool digit = std::string_view("0123456789abcdef").contains(text[i]);
        if (dash ? text[i] != '-' : !digit) return false;
    }
    return true;
}

int argument(const std::string& name, int fallback) {
    const auto& suite = boost::unit_test::framework::master_test_suite();
    for (int i = 1; i + 1 < suite.argc; ++i) {
        if (suite.argv[i] == name) return std::atoi(suite.argv[i + 1]);
    }
    return fallback;
}

}  // namespace larder::test
