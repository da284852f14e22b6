#pragma once

#include <string>

#include "fixture.hpp"

namespace larder::test {

/// Defaults that are not PostgreSQL's own, for every new session, until the end of a test case.
/// The sessions that exist are ended at both ends.
class HostileDefaults {
public:
    /// `whose`: `ROLE CURRENT_USER`, or `DATABASE larder`. `workers`: application_name of the
    /// sessions to end. `in` must outlive this.
    HostileDefaults(std::string whose, const std::string& isolation,
                    std::string workers = "larder-worker", const Stack& in = stack())
        : whose_(std::move(whose)), workers_(std::move(workers)), past_them_(in.database()) {
        for (const auto* setting : settings) set(setting);
        set("default_transaction_isolation = '" + isolation + "'");
        reconnect();
    }
    ~HostileDefaults() {
        past_them_.query("ALTER " + whose_ + " RESET ALL");
        reconnect();
    }
    HostileDefaults(const HostileDefaults&) = delete;
    HostileDefaults& operator=(const HostileDefaults&) = delete;

private:
    static constexpr const char* settings[] = {
        "search_path = pg_temp",      "DateStyle = 'SQL, DMY'",
        "TimeZone = 'Asia/Tokyo'",    "standard_conforming_strings = off",
        "bytea_output = 'escape'",    "extra_float_digits = -15",
        "lock_timeout = 1",           "idle_in_transaction_session_timeout = 1",
        "client_encoding = 'LATIN1'", "row_security = off"};

    void set(const std::string& setting) {
        past_them_.query("ALTER " + whose_ + " SET " + setting);
    }
    void reconnect() {
        past_them_.query(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = $1",
            {workers_});
    }

    std::string whose_;
    std::string workers_;
    Database past_them_;  // connected before, so that none holds for it
};

/// One record through all that a client does, on a server whose answers must not depend on
/// defaults.
inline void expect_contract(const Client& client, const std::string& collection,
                            const std::string& body, const std::string& change) {
    const auto record = expect_json(client.post(collection, body), 201);
    const auto path = path_of(collection, record);
    BOOST_TEST(expect_json(client.get(path), 200)["name"] == record["name"]);
    const auto put = expect_json(client.put(path, change), 200);
    const auto list = expect_json(client.get(collection), 200);
    BOOST_TEST(with_id(list, record["id"]) == put);
    BOOST_TEST(client.get(collection + "?limit=1").status == 200);
    BOOST_TEST(client.del(path).status / 100 == 2);
    expect_problem(client.get(path), 404);
}

/// The same for resources that have all kinds of fields, and for what else a client may ask.
inline void expect_whole_contract(const Client& client) {
    BOOST_TEST(eventually([&] { return client.post("/products", product("A")).status == 201; }));
    expect_contract(client, "/products", product(R"(quote ' backslash \\ umlaut \u00e4)"),
                    R"({"price": 4.25})");
    expect_contract(client, "/employees", employee_with_id(unique_text("E")),
                    R"({"salary": 4.25})");
    BOOST_TEST(client.get("/employees/top2-by-department").status == 200);
    BOOST_TEST(client.post("/cache/clear", "").status == 200);
}

}  // namespace larder::test
