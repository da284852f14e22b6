// docs/bulk.md, "At the prompt": what `export` writes is what a GET gives, and is imported as the
// same.
#define BOOST_TEST_MODULE export_prompt
#include <sys/stat.h>

#include "exporting.hpp"

using namespace larder::test;
using namespace larder::test::exporting;

BOOST_TEST_GLOBAL_FIXTURE(ExportStack);

namespace {

/// Rows that a client could have written: no infinite time, no NaN, no JSON null, nothing that is
/// read only.
void insert_writable_samples(unsigned seed) {
    insert_samples(seed, 130);
    stack().database().query(
        "UPDATE samples SET decimal = nullif(decimal, 'NaN'), date = CASE WHEN isfinite(date) THEN"
        " date END, timestamp = CASE WHEN isfinite(timestamp) AND timestamp > '0001-01-01' THEN"
        " timestamp END, datetime = CASE WHEN isfinite(datetime) THEN datetime END, float = CASE"
        " WHEN float::text NOT SIMILAR TO '%(NaN|Inf)%' THEN float END, json = nullif(json, "
        "'null'),"
        " old = CASE WHEN old::text NOT LIKE '%z%' THEN old ELSE '{\"z\": 1}' END, tags = NULL");
    BOOST_TEST(api().post("/cache/clear", "").status == 200);
}

std::string samples_in_database() {
    return stack().database().value(
        "SELECT string_agg((to_jsonb(s) - 'old' || jsonb_build_object('old', s.old::jsonb))::text,"
        " E'\\n' ORDER BY id) FROM samples AS s");
}

std::string content_of(const fs::path& file) {
    std::ifstream in(file, std::ios::binary);
    return {std::istreambuf_iterator<char>(in), {}};
}

Finished command(std::vector<std::string> arguments) {
    return stack().script(std::move(arguments));
}

}  // namespace

BOOST_AUTO_TEST_CASE(what_was_exported_is_imported_as_the_same) {
    for (const std::string format : {"csv", "ndjson"}) {
        for (unsigned seed = 11; seed <= 13; ++seed) {
            BOOST_TEST_CONTEXT(format << ", seed " << seed) {
                insert_writable_samples(seed);
                const auto before = samples_in_database();
                const auto file = stack().directory() / ("samples." + format);
                const auto out = command({"export", "samples", "--output", file});
                BOOST_REQUIRE_MESSAGE(out.status == 0, out.output);
                BOOST_TEST(
                    (content_of(file) == exported("/samples", format == "csv" ? csv : ndjson)));
                stack().database().query("TRUNCATE samples RESTART IDENTITY");
                const auto in = command({"import", "samples", file});
                BOOST_TEST(in.status == 0, in.output);
                BOOST_TEST(in.output.contains("created 130"), in.output);
                BOOST_TEST((samples_in_database() == before));
                const auto again = command(
                    {"export", "samples", "--format", format, "--output", file.string() + "2"});
                BOOST_TEST(again.status == 0, again.output);
                BOOST_TEST((content_of(file) == content_of(file.string() + "2")));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(the_prompt_takes_lists_and_queries) {
    insert_writable_samples(14);
    const auto file = stack().directory() / "some.ndjson";
    const auto listed = command({"export", "samples", "--list", "drafts", "--output", file});
    BOOST_TEST(listed.status == 0, listed.output);
    BOOST_TEST((content_of(file) == exported("/samples/drafts", ndjson)));
    const auto chosen = command({"export", "samples", "--query", "integer.gte=0&sort=-id&fields=id",
                                 "--format", "csv", "--output=" + file.string()});
    BOOST_TEST(chosen.status == 0, chosen.output);
    BOOST_TEST((content_of(file) == exported("/samples?integer.gte=0&sort=-id&fields=id", csv)));
    create("/items", R"({"a": 1})");
    BOOST_TEST(command({"export", "items", "--output", file}).status == 0);
    BOOST_TEST((content_of(file) == exported("/items", ndjson)));

    // What fails leaves the former file, and nothing beside it.
    const auto former = content_of(file);
    for (const std::vector<std::string>& wrong : std::initializer_list<std::vector<std::string>>{
             {"export", "nothing"},
             {"export", "samples", "--list", "nothing"},
             {"export", "samples", "--query", "nothing=1"},
             {"export", "samples", "--format", "xlsx"},
             {"export", "samples", "--format", "ndjson", "--spreadsheet"},
             {"export", "items", "--format", "csv"},
             {"export"}}) {
        auto arguments = wrong;
        arguments.insert(arguments.end(), {"--output", file});
        const auto refused = command(arguments);
        BOOST_TEST(refused.status == 2, refused.output);
        BOOST_TEST((content_of(file) == former));
    }
    BOOST_TEST(command({"export", "samples", "--output", "/nonexistent/x"}).status == 2);
    // A link stays, and what is no file is not replaced by one.
    const auto link = stack().directory() / "link.csv";
    fs::create_symlink(file, link);
    BOOST_TEST(command({"export", "samples", "--output", link}).status == 0);
    BOOST_TEST(fs::is_symlink(link));
    BOOST_TEST((content_of(file) == exported("/samples", csv)));
    const auto pipe = stack().directory() / "pipe.csv";
    BOOST_REQUIRE(mkfifo(pipe.c_str(), 0600) == 0);
    BOOST_TEST(command({"export", "samples", "--output", pipe}).status == 2);
    BOOST_TEST(fs::is_fifo(pipe));
    // The same names mean the same form as for an import.
    const auto json = stack().directory() / "some.json";
    BOOST_TEST(command({"export", "samples", "--output", json}).status == 0);
    BOOST_TEST((content_of(json) == exported("/samples", ndjson)));
    for (const auto& entry : fs::directory_iterator(stack().directory())) {
        BOOST_TEST(!entry.path().filename().string().starts_with(".some"), entry.path());
    }
    const auto full =
        run({"bash", "-c", "STACK=\"$1\" \"$2\" export samples >/dev/full", "bash",
             stack().directory() / "stack", source_directory() / "scripts" / "stack"});
    BOOST_TEST(full.status == 1, full.output);
    BOOST_TEST(full.output.contains("No space left"), full.output);
}

BOOST_AUTO_TEST_CASE(a_spreadsheet_gets_no_formula) {
    insert_samples(15, 1);
    stack().database().query(
        "UPDATE samples SET text = E'=1+1,\"x\"', note = '-2', integer = -3,"
        " padded = NULL, json = '-4', state = 'draft'");
    const auto file = stack().directory() / "safe.csv";
    const auto done =
        command({"export", "samples", "--query", "fields=text,note,integer,json,state",
                 "--spreadsheet", "--output", file});
    BOOST_TEST(done.status == 0, done.output);
    BOOST_TEST(content_of(file) ==
               "\xEF\xBB\xBFid,text,note,integer,state,json\r\n"
               "1,\"'=1+1,\"\"x\"\"\",\"'-2\",-3,\"draft\",\"'-4\"\r\n");
}
