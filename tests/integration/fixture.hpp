#pragma once

#include <boost/test/unit_test.hpp>

#include <initializer_list>
#include <string>
#include <string_view>

#include "support/json.hpp"
#include "support/parallel.hpp"
#include "support/stack.hpp"

namespace larder::test {

/// The one stack of a test executable, up before its first test case and removed after its last.
/// To be named in BOOST_TEST_GLOBAL_FIXTURE, itself or a class derived from it.
/// Deaths that no test asked for are told with the test case in which they were noticed.
class SharedStack : boost::unit_test::test_observer {
public:
    explicit SharedStack(Environment environment = {}) : stack_(std::move(environment)) {
        current_ = &stack_;
        boost::unit_test::framework::register_observer(*this);
    }
    ~SharedStack() override { boost::unit_test::framework::deregister_observer(*this); }
    SharedStack(const SharedStack&) = delete;
    SharedStack& operator=(const SharedStack&) = delete;
    static Stack& get() { return *current_; }

private:
    void test_unit_start(const boost::unit_test::test_unit& unit) override {
        stack_.set_context(unit.p_name);
    }

    static inline Stack* current_ = nullptr;
    Stack stack_;
};

inline Stack& stack() { return SharedStack::get(); }
inline const Client& api() { return stack().client(); }

/// What a worker that is started now on the shared stack says of the schema.
Finished check_schema();

/// The body of an answer that has to be JSON of this status.
Json expect_json(const Response& response, int status);

/// Checks every member that RFC 9457 and the contract ask for; `pointers` are the failed fields,
/// in any order, all of them. Returns the body for further checks.
Json expect_problem(const Response& response, int status,
                    std::initializer_list<std::string_view> pointers = {});

/// Checks that an answer names exactly these methods in `Allow`, in any order.
void expect_allow(const Response& response, std::initializer_list<std::string_view> methods);

/// Posts `body` to a collection, which has to answer 201, and returns the record.
Json create(std::string_view collection, std::string_view body);

/// The path of a record that was created in this collection.
std::string path_of(std::string_view collection, const Json& record);

/// A text that no other call returns, of letters, digits and `-`, for names and employee IDs.
std::string unique_text(std::string_view prefix);

/// Bodies that are valid for a POST, with one member of the caller's.
std::string employee(std::string_view name, std::string_view salary = "70000",
                     std::string_view department = "Engineering");
std::string employee_with_id(std::string_view employee_id);
std::string product(std::string_view name, std::string_view price = "24.99");

/// The element of an array that has this `id`; missing if there is none.
const Json& with_id(const Json& records, const Json& id);

/// Whether `text` is a UUID of 36 lower-case characters.
bool is_uuid(std::string_view text);

/// The number behind this argument of the test program, as in `-- --seed 7`.
int argument(const std::string& name, int fallback);

constexpr std::string_view unknown_uuid = "550e8400-e29b-41d4-a716-446655440000";

}  // namespace larder::test
