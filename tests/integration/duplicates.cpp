// contract.md, "Employees": employee_id is unique among employees; the duplicate check.
#define BOOST_TEST_MODULE duplicates
#include "fixture.hpp"

#include <algorithm>

using namespace larder::test;

BOOST_TEST_GLOBAL_FIXTURE(SharedStack);

namespace {

std::string change_to(const std::string& employee_id) {
    return "{\"employee_id\": " + json_string(employee_id) + '}';
}

Response post_with(const std::string& employee_id) {
    return api().post("/employees", employee_with_id(employee_id));
}

void expect_taken(const Response& response, const std::string& employee_id) {
    BOOST_TEST(expect_problem(response, 409)["detail"].string().contains(employee_id));
}

std::string post_path(const std::string& employee_id) {
    return path_of("/employees", create("/employees", employee_with_id(employee_id)));
}

int holders_of(const std::string& employee_id) {
    return std::stoi(stack().database().value(
        "SELECT count(*) FROM employees WHERE employee_id = $1", {employee_id}));
}

auto number_of(const std::vector<int>& statuses, int status) {
    return std::ranges::count(statuses, status);
}

/// When each session of the workers last began a statement.
std::vector<Database::Row> statements(Database& database) {
    return database.query(
        "SELECT pid, query_start FROM pg_stat_activity WHERE datname = "
        "current_database() AND pid <> pg_backend_pid() AND backend_type = "
        "'client backend' ORDER BY pid");
}

}  // namespace

BOOST_AUTO_TEST_CASE(twenty_at_once_give_one_201_and_nineteen_409) {
    for (int round = 0; round < 10; ++round) {
        const auto id = unique_text("race");
        const auto statuses = in_parallel(20, [&](std::size_t) { return post_with(id).status; });
        BOOST_TEST(number_of(statuses, 201) == 1);
        BOOST_TEST(number_of(statuses, 409) == 19);
        BOOST_TEST(holders_of(id) == 1);
    }
}

BOOST_AUTO_TEST_CASE(of_many_puts_that_claim_one_id_one_wins) {
    for (int round = 0; round < 5; ++round) {
        std::vector<std::string> paths;
        for (int i = 0; i < 10; ++i) {
            paths.push_back(path_of("/employees", create("/employees", employee("A"))));
        }
        const auto id = unique_text("race");
        const auto statuses = in_parallel(10, [&](std::size_t i) {
            return (i % 2 == 0 ? api().put(paths[i], change_to(id))
                               : api().patch(paths[i], change_to(id)))
                .status;
        });
        BOOST_TEST(number_of(statuses, 200) == 1);
        BOOST_TEST(number_of(statuses, 409) == 9);
        BOOST_TEST(holders_of(id) == 1);
    }
}

BOOST_AUTO_TEST_CASE(a_known_duplicate_is_refused_without_a_query) {
    const auto id = unique_text("known");
    const auto other = path_of("/employees", create("/employees", employee("A")));
    const auto path = post_path(id);
    auto database = stack().database();
    BOOST_TEST(!statements(database).empty());
    // On a busy machine Redis may answer too late, or PostgreSQL be asked whether it hangs.
    BOOST_TEST(eventually([&] {
        const auto before = statements(database);
        for (int i = 0; i < 50; ++i) expect_taken(post_with(id), id);
        return statements(database) == before;
    }));
    const auto before = statements(database);
    // The measure does see a query where there is one.
    expect_taken(api().put(other, change_to(id)), id);
    BOOST_TEST(api().put(path, R"({"salary": 5})").status == 200);
    BOOST_TEST((statements(database) != before));
}

BOOST_AUTO_TEST_CASE(what_redis_does_not_know_the_constraint_decides) {
    const auto id = unique_text("E");
    post_path(id);
    for (int i = 0; i < 3; ++i) {
        BOOST_TEST(api().post("/cache/clear", "").status == 200);
        expect_taken(post_with(id), id);
        expect_taken(post_with(id), id);
    }
    const auto other = path_of("/employees", create("/employees", employee("A")));
    BOOST_TEST(api().post("/cache/clear", "").status == 200);
    expect_taken(api().put(other, change_to(id)), id);
    BOOST_TEST(holders_of(id) == 1);
}

BOOST_AUTO_TEST_CASE(an_id_written_past_the_workers_is_found_by_the_constraint) {
    const auto id = unique_text("psql");
    stack().database().query(
        "INSERT INTO employees (name, salary, department, employee_id) "
        "VALUES ('A', 1, 'B', $1)",
        {id});
    expect_taken(post_with(id), id);
}

BOOST_AUTO_TEST_CASE(an_id_can_be_used_again_at_once) {
    const auto id = unique_text("again");
    for (int i = 0; i < 20; ++i) {
        const auto path = post_path(id);
        expect_taken(post_with(id), id);
        BOOST_TEST(api().del(path).status == 200);
    }
    for (int i = 0; i < 10; ++i) {
        const auto path = post_path(id);
        const auto next = unique_text("next");
        BOOST_TEST(api().put(path, change_to(next)).status == 200);
        expect_taken(post_with(next), next);
        const auto second = post_path(id);
        BOOST_TEST(api().put(second, R"({"employee_id": null})").status == 200);
        const auto third = post_path(id);
        BOOST_TEST(api().patch(third, R"({"employee_id": null})").status == 200);
        const auto fourth = post_path(id);
        BOOST_TEST(api().patch(fourth, change_to(unique_text("moved"))).status == 200);
    }
}

BOOST_AUTO_TEST_CASE(an_id_can_be_claimed_by_put_once_it_is_free) {
    const auto id = unique_text("E");
    const auto first = post_path(id);
    const auto second = path_of("/employees", create("/employees", employee("A")));
    expect_taken(api().put(second, change_to(id)), id);
    BOOST_TEST(api().put(first, change_to(unique_text("free"))).status == 200);
    BOOST_TEST(api().put(second, change_to(id)).status == 200);
    expect_taken(api().patch(first, change_to(id)), id);
    BOOST_TEST(api().del(second).status == 200);
    BOOST_TEST(api().patch(first, change_to(id)).status == 200);
}

BOOST_AUTO_TEST_CASE(sending_ones_own_id_back_is_fine) {
    const auto id = unique_text("own");
    const auto path = post_path(id);
    for (int i = 0; i < 2; ++i) {
        BOOST_TEST(expect_json(api().put(path, change_to(id)), 200)["employee_id"].string() == id);
        BOOST_TEST(api().patch(path, change_to(id)).status == 200);
        BOOST_TEST(api().put(path, api().get(path).body).status == 200);
        expect_taken(post_with(id), id);
        BOOST_TEST(api().post("/cache/clear", "").status == 200);
    }
}

BOOST_AUTO_TEST_CASE(a_refused_put_changes_nothing) {
    const auto id = unique_text("E");
    post_path(id);
    const auto record = create("/employees", employee_with_id(unique_text("E")));
    const auto path = path_of("/employees", record);
    expect_taken(api().put(path, R"({"name": "New", "employee_id": ")" + id + "\"}"), id);
    BOOST_TEST(expect_json(api().get(path), 200) == record);
    const auto own = record["employee_id"].string();
    expect_taken(post_with(own), own);
}

BOOST_AUTO_TEST_CASE(case_matters_and_null_is_no_id) {
    const auto id = unique_text("Case");
    auto lower = id;
    lower[0] = 'c';
    post_path(id);
    post_path(lower);
    for (int i = 0; i < 2; ++i) {
        create("/employees", R"({"name": "A", "salary": 1, "department": "B",
            "employee_id": null})");
    }
}
