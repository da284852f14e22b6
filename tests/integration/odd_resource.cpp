// Texts that look like Larder's own names, SQL that looks like its parameters, and tables that
// cannot do what a resource needs.
#define BOOST_TEST_MODULE odd_resource
#include <algorithm>
#include <filesystem>
#include <fstream>

#include "fixture.hpp"
#include "support/temporary_directory.hpp"

using namespace larder::test;
namespace fs = std::filesystem;

namespace {

void append(const fs::path& path, const std::string& text) {
    std::ofstream(path, std::ios::app) << text << '\n';
}

/// A copy of a directory of the project.
class SourceCopy {
public:
    explicit SourceCopy(const std::string& name)
        : directory_(temporary_directory("larder-odd") / name) {
        fs::copy(source_directory() / name, directory_, fs::copy_options::recursive);
    }
    ~SourceCopy() { fs::remove_all(directory_.parent_path()); }
    SourceCopy(const SourceCopy&) = delete;
    SourceCopy& operator=(const SourceCopy&) = delete;

    [[nodiscard]] const fs::path& directory() const { return directory_; }

private:
    fs::path directory_;
};

/// With the table of the resource.
struct Migrations : SourceCopy {
    Migrations() : SourceCopy("sql") {
        append(directory() / "sqitch.plan",
               "labels [feed] 2026-01-01T00:00:00Z Test <test@localhost> # Labels");
        append(directory() / "deploy" / "labels.sql",
               "CREATE TABLE public.labels (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,"
               " label text NOT NULL CONSTRAINT one_label UNIQUE, note text);"
               "ALTER TABLE public.labels REPLICA IDENTITY FULL;"
               "ALTER PUBLICATION larder ADD TABLE public.labels;");
        append(directory() / "revert" / "labels.sql", "DROP TABLE public.labels;");
        append(directory() / "verify" / "labels.sql",
               "SELECT label, note FROM public.labels WHERE false;");
    }
};

// Its texts and SQL may look like what Larder itself writes.
constexpr auto labels = R"toml(title = "Label"
id = "integer"
primed = true

[fields]
label = { type = "text", min = 1, max = 40, unique = true }
note = { type = "text", max = 40, optional = true }

[lists.exact]
where = "label ~ '^a$'"

[lists.priced]
where = "note IN ('$1', '$0', '$12', '$99999999999999999999', 'x')"
)toml";

/// With the description of the resource.
struct Descriptions : SourceCopy {
    Descriptions() : SourceCopy("resources") { append(directory() / "labels.toml", labels); }
};

struct OddStack : Migrations, Descriptions, SharedStack {
    OddStack()
        : SharedStack({{"RESOURCES_DIR", Descriptions::directory()},
                       {"LARDER_SQL", Migrations::directory()}}) {}
};

std::string label(const std::string& text, const std::string& note = "") {
    return R"({"label": )" + json_string(text) + R"(, "note": )" + json_string(note) + "}";
}

/// Somebody reads the owner of each value at this moment, and so holds its lease.
void hold_leases(const std::vector<std::string>& values) {
    auto redis = stack().redis();
    const auto epoch = redis.command({"GET", "larder:epoch"});
    for (const auto& value : values) {
        redis.command(
            {"SET", "larder:" + epoch + ":labels.label:" + value + ":lease", "77", "PX", "600000"});
    }
}

/// The same of one that must not serve.
std::string refusal() {
    const auto finished = check_schema();
    BOOST_TEST(finished.status == 1);
    BOOST_TEST(std::ranges::count(finished.output, '\n') == 1);
    return finished.output;
}

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(OddStack);

BOOST_AUTO_TEST_CASE(a_dollar_in_the_sql_of_a_list) {
    for (const auto* text : {"a", "aa", "^a$"}) create("/labels", label(text));
    const auto exact = expect_json(api().get("/labels/exact"), 200);
    BOOST_TEST(exact.size() == 1U);
    BOOST_TEST(exact.element(0)["label"].text() == "a");
    BOOST_TEST(expect_json(api().get("/labels/exact?limit=5"), 200).size() == 1U);
    for (const auto* note : {"$1", "$0", "$12", "$99999999999999999999", "x", "1"}) {
        create("/labels", label(unique_text("note"), note));
    }
    BOOST_TEST(expect_json(api().get("/labels/priced"), 200).size() == 5U);
    BOOST_TEST(expect_json(api().get("/labels/priced?limit=9"), 200).size() == 5U);
}

BOOST_AUTO_TEST_CASE(a_unique_text_that_ends_like_the_name_of_a_lease) {
    const std::vector<std::string> endings = {"", ":lease", ":lease:lease"};
    std::vector<std::size_t> order = {0, 1, 2};
    do {
        const auto base = unique_text("foo");
        std::vector<std::string> values;
        for (const auto at : order) values.push_back(base + endings[at]);
        BOOST_TEST_CONTEXT(values[0] << ", " << values[1] << ", " << values[2]) {
            hold_leases(values);
            std::vector<std::string> paths;
            for (const auto& value : values) {
                const auto made = expect_json(api().post("/labels", label(value)), 201);
                paths.push_back(path_of("/labels", made));
                hold_leases(values);
            }
            // Warm now: what is taken is refused, what is free is not.
            for (int round = 0; round < 2; ++round) {
                for (std::size_t i = 0; i < values.size(); ++i) {
                    const auto& value = values[i];
                    expect_problem(api().post("/labels", label(value)), 409);
                    BOOST_TEST(expect_json(api().get(paths[i]), 200)["label"].text() == value);
                }
            }
            for (std::size_t i = 0; i < values.size(); ++i) {
                BOOST_TEST(api().del(paths[i]).status == 204);
                hold_leases(values);
                const auto again = expect_json(api().post("/labels", label(values[i])), 201);
                paths[i] = path_of("/labels", again);
            }
            for (const auto& path : paths) BOOST_TEST(api().del(path).status == 204);
        }
    } while (std::ranges::next_permutation(order).found);
}

BOOST_AUTO_TEST_CASE(a_unique_constraint_that_cannot_decide_is_refused_at_start) {
    auto database = stack().database();
    database.query("DELETE FROM labels");
    const auto rebuild = [&](const std::string& constraint) {
        database.query("ALTER TABLE labels DROP CONSTRAINT IF EXISTS one_label");
        database.query("DROP INDEX IF EXISTS one_label");
        if (!constraint.empty()) database.query(constraint);
    };
    for (const auto* when : {"INITIALLY IMMEDIATE", "INITIALLY DEFERRED"}) {
        rebuild("ALTER TABLE labels ADD CONSTRAINT one_label UNIQUE (label) DEFERRABLE " +
                std::string(when));
        const auto said = refusal();
        BOOST_TEST(said.contains("labels"), said);
        BOOST_TEST(said.contains("one_label is DEFERRABLE"), said);
    }
    // Any constraint of the table counts for ON CONFLICT, not only that of the field.
    rebuild("CREATE UNIQUE INDEX one_label ON labels (label)");
    database.query("ALTER TABLE labels ADD CONSTRAINT other UNIQUE (note) DEFERRABLE");
    BOOST_TEST(refusal().contains("other is DEFERRABLE"));
    database.query("ALTER TABLE labels DROP CONSTRAINT other");
    for (const auto* constraint :
         {"", "CREATE UNIQUE INDEX one_label ON labels (label) WHERE note IS NOT NULL",
          "CREATE UNIQUE INDEX one_label ON labels (label, note)",
          "CREATE UNIQUE INDEX one_label ON labels (lower(label))",
          "CREATE INDEX one_label ON labels (label)"}) {
        rebuild(constraint);
        const auto said = refusal();
        BOOST_TEST_CONTEXT(constraint) { BOOST_TEST(said.contains("is not unique"), said); }
    }
    for (const auto* constraint : {"CREATE UNIQUE INDEX one_label ON labels (label)",
                                   "CREATE UNIQUE INDEX one_label ON labels (label) INCLUDE (note)",
                                   "ALTER TABLE labels ADD CONSTRAINT one_label UNIQUE (label)"}) {
        rebuild(constraint);
        const auto finished = check_schema();
        BOOST_TEST(finished.status == 0, finished.output);
    }
}
