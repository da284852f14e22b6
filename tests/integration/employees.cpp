// contract.md, "Employees", and "Everywhere" as far as an employee shows it: PUT and PATCH, ids.
#define BOOST_TEST_MODULE employees
#include "fixture.hpp"

#include <algorithm>

using namespace larder::test;

BOOST_TEST_GLOBAL_FIXTURE(SharedStack);

namespace {

Json list(std::string_view path) { return expect_json(api().get(path), 200); }

std::vector<long> ids_of(const Json& records) {
    std::vector<long> ids;
    for (const auto& record : records.elements()) ids.push_back(std::stol(record["id"].number()));
    return ids;
}

std::vector<std::string> names_in(const Json& records, std::string_view department) {
    std::vector<std::string> names;
    for (const auto& record : records.elements()) {
        if (record["department"].string() == department) names.push_back(record["name"].string());
    }
    return names;
}

}  // namespace

BOOST_AUTO_TEST_CASE(post_answers_the_record_and_its_location) {
    const auto response = api().post("/employees", employee("Alice"));
    const auto record = expect_json(response, 201);
    BOOST_TEST(record["id"].is(Json::Kind::number));
    BOOST_TEST(record.without("id") == R"({"name": "Alice", "salary": 70000,
        "department": "Engineering", "employee_id": null})"_json);
    BOOST_TEST(response.header("Location").ends_with(path_of("/employees", record)));
    BOOST_TEST(expect_json(api().get(path_of("/employees", record)), 200) == record);
}

BOOST_AUTO_TEST_CASE(post_takes_an_employee_id) {
    const auto id = unique_text("E.1_x-");
    const auto record = create("/employees", employee_with_id(id));
    BOOST_TEST(record["employee_id"].string() == id);
    BOOST_TEST(create("/employees", R"({"name": "A", "salary": 1, "department": "B",
        "employee_id": null})")["employee_id"]
                   .is(Json::Kind::null));
}

BOOST_AUTO_TEST_CASE(list_has_every_record_by_id) {
    const auto first = create("/employees", employee(unique_text("First")));
    const auto second = create("/employees", employee(unique_text("Second")));
    const auto records = list("/employees");
    const auto ids = ids_of(records);
    BOOST_TEST(std::ranges::is_sorted(ids));
    BOOST_TEST(with_id(records, first["id"]) == first);
    BOOST_TEST(with_id(records, second["id"]) == second);
}

BOOST_AUTO_TEST_CASE(a_fresh_stack_has_sample_employees) {
    BOOST_TEST(list("/employees").element(0)["id"].is(Json::Kind::number));
}

BOOST_AUTO_TEST_CASE(put_changes_what_is_sent_and_keeps_the_rest) {
    const auto id = unique_text("E");
    const auto record = create("/employees", employee_with_id(id));
    const auto path = path_of("/employees", record);
    const auto changed = expect_json(api().put(path, R"({"salary": 80000.50})"), 200);
    BOOST_TEST(changed["salary"].number() == "80000.50");
    BOOST_TEST(changed.without("salary") == record.without("salary"));
    BOOST_TEST(expect_json(api().put(path, "{}"), 200) == changed);
    BOOST_TEST(expect_json(api().get(path), 200) == changed);
    BOOST_TEST(expect_json(api().put(path, R"({"employee_id": null})"), 200)["employee_id"].is(
        Json::Kind::null));
}

BOOST_AUTO_TEST_CASE(a_whole_record_can_be_sent_back) {
    const auto record = create("/employees", employee_with_id(unique_text("E")));
    const auto path = path_of("/employees", record);
    const auto body = api().get(path).body;
    BOOST_TEST(expect_json(api().put(path, body), 200) == record);
    BOOST_TEST(expect_json(api().patch(path, body), 200) == record);
    for (const auto* id : {R"({"id": 987654321})", R"({"id": "x"})", R"({"id": {"a": []}})"}) {
        BOOST_TEST(expect_json(api().put(path, id), 200) == record);
    }
    const auto copy = create("/employees", R"({"id": 987654321, "name": "C", "salary": 1,
        "department": "D"})");
    BOOST_TEST(copy["id"].number() != "987654321");
}

BOOST_AUTO_TEST_CASE(delete_answers_a_message_and_removes) {
    const auto path = path_of("/employees", create("/employees", employee("Gone")));
    BOOST_TEST(expect_json(api().del(path), 200) == R"({"message": "Deleted successfully"})"_json);
    expect_problem(api().get(path), 404);
    expect_problem(api().del(path), 404);
    expect_problem(api().put(path, "{}"), 404);
    expect_problem(api().patch(path, "{}"), 404);
}

BOOST_AUTO_TEST_CASE(lengths_count_characters_not_bytes) {
    std::string long_name;
    for (int i = 0; i < 100; ++i) long_name += "\xF0\x9F\x8D\x8E";
    const auto record = create("/employees", employee(long_name, "1", long_name));
    BOOST_TEST(record["name"].string() == long_name);
    expect_problem(api().post("/employees", employee(long_name + "a", "1", long_name + "a")), 422,
                   {"/name", "/department"});
    expect_problem(api().post("/employees", employee("", "1", "")), 422, {"/name", "/department"});
    create("/employees", employee("x", "0", "y"));
}

BOOST_AUTO_TEST_CASE(rules_of_employee_id) {
    const std::string longest(64, 'x');
    const auto record = create("/employees", employee_with_id(unique_text("AZaz09._-")));
    BOOST_TEST(record["employee_id"].is(Json::Kind::string));
    const auto path = path_of("/employees", record);
    BOOST_TEST(
        expect_json(api().put(path, R"({"employee_id": ")" + longest + "\"}"), 200)["employee_id"]
            .string() == longest);
    for (const auto& wrong : {std::string(), std::string(65, 'x'), std::string("a b"),
                              std::string("a/b"), std::string("\xC3\xA9"), std::string("a\n")}) {
        BOOST_TEST_CONTEXT(wrong) {
            expect_problem(api().post("/employees", employee_with_id(wrong)), 422,
                           {"/employee_id"});
            expect_problem(api().put(path, "{\"employee_id\": " + json_string(wrong) + '}'), 422,
                           {"/employee_id"});
        }
    }
    expect_problem(api().put(path, R"({"employee_id": 7})"), 422, {"/employee_id"});
}

BOOST_AUTO_TEST_CASE(range_of_salary) {
    for (const auto* good : {"0", "0.00", "999999999999.99", "999999999999"}) {
        BOOST_TEST(create("/employees", employee("A", good))["salary"].number() == good);
    }
    for (const auto* wrong : {"-1", "-0.01", "1000000000000", "1e12", "\"7\"", "null", "true"}) {
        BOOST_TEST_CONTEXT(wrong) {
            expect_problem(api().post("/employees", employee("A", wrong)), 422, {"/salary"});
        }
    }
}

BOOST_AUTO_TEST_CASE(high_salary_is_over_100000_by_id) {
    const auto low = create("/employees", employee("Low", "100000"));
    const auto high = create("/employees", employee("High", "100000.01"));
    const auto higher = create("/employees", employee("Higher", "2e5"));
    const auto records = list("/employees/high-salary");
    BOOST_TEST(with_id(records, low["id"]).is(Json::Kind::missing));
    BOOST_TEST(with_id(records, high["id"]) == high);
    BOOST_TEST(with_id(records, higher["id"]) == higher);
    BOOST_TEST(std::ranges::is_sorted(ids_of(records)));
}

BOOST_AUTO_TEST_CASE(top2_by_department_uses_rank_with_ties) {
    const auto post = [](const char* name, const char* salary, const std::string& department) {
        create("/employees", employee(name, salary, department));
    };
    const auto tied_first = unique_text("tied-first");
    for (const auto* name : {"a", "b", "c"}) post(name, "9", tied_first);
    post("d", "8", tied_first);
    const auto tied_second = unique_text("tied-second");
    post("fourth", "1", tied_second);
    post("first", "9.5", tied_second);
    post("second", "7", tied_second);
    post("third", "7.0", tied_second);
    const auto single = unique_text("single");
    post("only", "1", single);

    using Names = std::vector<std::string>;
    const auto records = list("/employees/top2-by-department");
    BOOST_TEST((names_in(records, tied_first) == Names{"a", "b", "c"}));
    BOOST_TEST((names_in(records, tied_second) == Names{"first", "second", "third"}));
    BOOST_TEST((names_in(records, single) == Names{"only"}));
}

BOOST_AUTO_TEST_CASE(top2_departments_are_in_code_point_order) {
    // Most collations sort these otherwise: lower case first, punctuation ignored, z before é.
    for (const auto* department : {"a b", "Z", "ab", "_", "\xC3\xA9", "z", "\xF0\x9F\x8D\x8E"}) {
        create("/employees", employee("A", "1", department));
    }
    const auto records = list("/employees/top2-by-department");
    std::vector<std::string> departments;
    for (const auto& record : records.elements()) {
        departments.push_back(record["department"].string());
    }
    BOOST_TEST(std::ranges::is_sorted(departments));
    BOOST_TEST(records.element(0).contains("employee_id"));
}
