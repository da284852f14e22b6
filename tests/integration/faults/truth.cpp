#include "truth.hpp"

#include <algorithm>

namespace larder::test {
namespace {

// One row for each record and each list: kind, path, JSON.
constexpr const char* everything = R"(
WITH e AS (
    SELECT id, department, salary, rank() OVER (PARTITION BY department ORDER BY salary DESC),
           json_build_object('id', id, 'name', name, 'salary', salary, 'department', department,
                             'employee_id', employee_id)::text AS json
    FROM employees),
p AS (
    SELECT id, json_build_object('id', id, 'name', name, 'description', description, 'price', price,
                                 'stock_quantity', stock_quantity)::text AS json
    FROM products),
i AS (SELECT id, (jsonb_build_object('id', id) || data)::text AS json FROM items)
SELECT 'record', '/employees/' || id, json FROM e
UNION ALL SELECT 'record', '/products/' || id, json FROM p
UNION ALL SELECT 'record', '/items/' || id, json FROM i
UNION ALL SELECT 'list', '/employees', '[' || string_agg(json, ',' ORDER BY id) || ']' FROM e
UNION ALL SELECT 'list', '/employees/high-salary', '[' || string_agg(json, ',' ORDER BY id) || ']'
    FROM e WHERE salary > 100000
UNION ALL SELECT 'list', '/employees/top2-by-department',
    '[' || string_agg(json, ',' ORDER BY department COLLATE "C", salary DESC, id) || ']'
    FROM e WHERE rank <= 2
UNION ALL SELECT 'list', '/products', '[' || string_agg(json, ',' ORDER BY id) || ']' FROM p
UNION ALL SELECT 'list', '/items', '[' || string_agg(json, ',' ORDER BY id) || ']' FROM i
)";

void expect_same(const Response& response, const std::string& path, const Json& expected) {
    BOOST_TEST_CONTEXT(path << ": " << response.status << ' ' << response.header("X-Cache") << ' '
                            << response.body.substr(0, 400)) {
        if (expected.is(Json::Kind::missing)) {
            BOOST_TEST(response.status == 404);
        } else {
            BOOST_TEST(response.status == 200);
            BOOST_TEST(shown(path, response) == expected);
        }
    }
}

}  // namespace

const Json& Truth::record(const std::string& path) const {
    static const Json missing;
    const auto found = records.find(path);
    return found == records.end() ? missing : found->second;
}

bool Truth::has_claim(const std::string& employee_id) const {
    return std::ranges::any_of(records, [&](const auto& record) {
        const Json& claim = record.second["employee_id"];
        return claim.is(Json::Kind::string) && claim.text() == employee_id;
    });
}

Truth read_truth(Database& database) {
    Truth truth;
    for (const auto& row : database.query(everything)) {
        auto& values = row[0] == "list" ? truth.lists : truth.records;
        values[row[1]] = Json::parse(row[2].empty() ? "[]" : row[2]);
    }
    return truth;
}

Json shown(const std::string& path, const Response& response) {
    if (response.header("Content-Type") == "application/x-ndjson") {
        std::string array = '[' + response.body;
        std::ranges::replace(array, '\n', ',');
        if (array.size() > 1) array.pop_back();
        return Json::parse(array + ']');
    }
    const auto body = Json::parse(response.body);
    if (!path.starts_with("/items")) return body;
    BOOST_TEST(body["cached"].is(Json::Kind::boolean));
    BOOST_TEST(body.size() == 2U);
    return path == "/items" ? body["items"] : body["item"];
}

void expect_shown(const Truth& truth, const std::vector<std::string>& paths) {
    for (int time = 0; time < 2; ++time) {
        for (const auto& path : paths) expect_same(api().get(path), path, truth.record(path));
        for (const auto& [path, list] : truth.lists) expect_same(api().get(path), path, list);
    }
}

void expect_claimable(const Truth& truth, const std::string& employee_id) {
    const auto answer = api().post("/employees", employee_with_id(employee_id));
    BOOST_TEST_CONTEXT(employee_id << ": " << answer.body) {
        BOOST_TEST(answer.status == (truth.has_claim(employee_id) ? 409 : 201));
    }
    if (answer.status != 201) return;
    BOOST_TEST(api().del(answer.header("Location")).status == 200);
}

void remove_all(const Truth& truth) {
    for (const auto& [path, record] : truth.records) {
        BOOST_TEST(api().del(path).status / 100 == 2);
    }
}

}  // namespace larder::test
