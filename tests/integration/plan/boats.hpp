#pragma once

#include <stdexcept>
#include <string>
#include <vector>

#include "../fixture.hpp"
#include "schema_bench.hpp"

namespace larder::test {

constexpr const char* boats_head = "title = \"Boat\"\nid = \"integer\"\n[fields]\n";
inline const std::string crew = "title = \"Crew\"\nid = \"uuid\"\n[fields]\n";

/// A table `boats` of these fields with rows, which goes with the test case.
struct Boats : SchemaBench {
    ~Boats() { database().query("DROP TABLE IF EXISTS public.boats, public.crews CASCADE"); }

    void fields(const std::string& text) { describe("boats", boats_head + text); }

    void start(const std::string& text, const std::string& rows = {}) {
        fields(text);
        apply();
        if (!rows.empty()) database().query("INSERT INTO boats " + rows);
    }

    /// The plan is refused, with these words.
    void expect_problem(const std::vector<std::string>& words) const {
        const auto planned = schema({"plan"});
        BOOST_TEST(planned.status == 1, planned.output);
        for (const auto& word : words) BOOST_TEST(planned.output.contains(word), planned.output);
        const auto written = schema({"write", directory() / "sql"});
        BOOST_TEST(written.status == 1, written.output);
    }

    std::string value(const std::string& sql) const { return database().value(sql); }

    bool refuses(const std::string& sql) const {
        try {
            database().query(sql);
            return false;
        } catch (const std::runtime_error&) {
            return true;
        }
    }
};

}  // namespace larder::test
