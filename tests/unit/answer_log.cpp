#include "observe/answer_log.hpp"

#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>
#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <fstream>
#include <string>

#include "temporary_directory.hpp"

using namespace larder;

namespace {

struct AnswerLog {
    TemporaryDirectory run;
    std::unique_ptr<MetricsMemory> memory = std::move(*MetricsMemory::open(run.path().string()));

    std::filesystem::path path() const { return run.path() / "answers"; }

    void append(std::string_view text) const {
        std::ofstream(path(), std::ios::app | std::ios::binary) << text;
    }

    void count() const {
        const auto counted = count_answers(*memory, run.path().string());
        BOOST_REQUIRE_MESSAGE(counted, counted.error());
    }

    std::uint64_t total(const std::string& series) const {
        const auto totals = memory->totals([](std::string_view) { return false; });
        const auto found = totals.find(series);
        return found == totals.end() ? 0 : found->second;
    }

    std::uint64_t lists(const std::string& result) const {
        return total(R"(larder_list_requests_total{result=")" + result + R"("})");
    }

    std::uint64_t answers(const std::string& route, const std::string& method,
                          const std::string& status) const {
        return total(R"(larder_http_requests_total{route=")" + route + R"(",method=")" + method +
                     R"(",status=")" + status + R"("})");
    }
};

std::string repeated(std::string_view text, int times) {
    std::string all;
    for (int i = 0; i < times; ++i) all += text;
    return all;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(answer_log)

BOOST_FIXTURE_TEST_CASE(hits_are_answers_and_the_rest_was_a_workers, AnswerLog) {
    append(
        "GET /employees 200 HIT\n"
        "GET /employees 200 HIT\n"
        "HEAD /employees 200 HIT\n"
        "GET /items 200 STALE\n"
        "GET /items 206 UPDATING\n"
        "GET /items 200 MISS\n"
        "GET /items 200 EXPIRED\n"
        "GET /items 200 BYPASS\n"
        "GET /items 499 \n");
    count();
    BOOST_TEST(lists("hit") == 5U);
    BOOST_TEST(lists("miss") == 2U);
    BOOST_TEST(lists("bypass") == 2U);
    BOOST_TEST(answers("/employees", "GET", "200") == 2U);
    BOOST_TEST(answers("/employees", "HEAD", "200") == 1U);
    BOOST_TEST(answers("/items", "GET", "200") == 1U);
    BOOST_TEST(answers("/items", "GET", "206") == 1U);
    BOOST_TEST(answers("/items", "GET", "499") == 0U);
}

BOOST_FIXTURE_TEST_CASE(an_options_request_reads_no_list, AnswerLog) {
    append("OPTIONS /employees 204 \n");
    count();
    BOOST_TEST(lists("bypass") == 0U);
    BOOST_TEST(answers("/employees", "OPTIONS", "204") == 0U);
}

BOOST_FIXTURE_TEST_CASE(refusals_lead_to_no_route, AnswerLog) {
    append("POST /.problem 503 \nother /.problem 400 \nother /.problem 400 \n");
    count();
    BOOST_TEST(answers("unknown", "POST", "503") == 1U);
    BOOST_TEST(answers("unknown", "other", "400") == 2U);
    BOOST_TEST(lists("bypass") == 0U);
}

BOOST_FIXTURE_TEST_CASE(a_line_is_counted_once_and_when_it_is_complete, AnswerLog) {
    append("GET /employees 200 HIT\nGET /emp");
    count();
    count();
    BOOST_TEST(lists("hit") == 1U);
    append("loyees 200 HIT\n");
    count();
    count();
    BOOST_TEST(lists("hit") == 2U);
    BOOST_TEST(answers("/employees", "GET", "200") == 2U);
}

BOOST_FIXTURE_TEST_CASE(what_is_no_such_line_is_passed_over, AnswerLog) {
    append(
        "\n \n\n\nGET\nGET /employees\nGET /employees 200 HIT more\n"
        "GET /employees 200 HIT\n");
    count();
    BOOST_TEST(lists("hit") == 1U);
    BOOST_TEST(memory->totals([](std::string_view) { return false; }).size() == 2U);
}

BOOST_FIXTURE_TEST_CASE(a_log_that_is_longer_than_a_buffer_is_counted_whole, AnswerLog) {
    constexpr int times = 20000;
    append(repeated("GET /employees 200 HIT\nGET /products 200 HIT\n", times));
    append(std::string(600000, 'x') + '\n');
    append("GET /items 200 HIT\n");
    count();
    BOOST_TEST(answers("/employees", "GET", "200") == static_cast<unsigned>(times));
    BOOST_TEST(answers("/products", "GET", "200") == static_cast<unsigned>(times));
    BOOST_TEST(answers("/items", "GET", "200") == 1U);
}

BOOST_FIXTURE_TEST_CASE(what_was_counted_takes_no_room, AnswerLog) {
    for (int i = 0; i < 5; ++i) {
        append(repeated("GET /employees 200 HIT\n", 20000));
        count();
    }
    struct stat status{};
    BOOST_REQUIRE(stat(path().c_str(), &status) == 0);
    BOOST_TEST(status.st_size == 5 * 20000 * 23);
    BOOST_TEST(status.st_blocks * 512 <= 3 * 4096);
    BOOST_TEST(lists("hit") == 100000U);
}

BOOST_FIXTURE_TEST_CASE(a_new_log_is_counted_from_its_start, AnswerLog) {
    append(repeated("GET /employees 200 HIT\n", 3));
    count();
    std::filesystem::rename(path(), run.path() / "old");
    append("GET /employees 200 HIT\n");
    count();
    BOOST_TEST(lists("hit") == 4U);
    std::filesystem::resize_file(path(), 0);
    append("GET /x 200 HIT\n");
    count();
    BOOST_TEST(lists("hit") == 5U);
}

BOOST_FIXTURE_TEST_CASE(one_process_counts_at_a_time, AnswerLog) {
    append("GET /employees 200 HIT\n");
    const int other = open(path().c_str(), O_RDWR | O_CLOEXEC);
    BOOST_REQUIRE(flock(other, LOCK_EX) == 0);
    count();
    BOOST_TEST(lists("hit") == 0U);
    close(other);
    count();
    BOOST_TEST(lists("hit") == 1U);
}

BOOST_FIXTURE_TEST_CASE(it_is_made_where_there_is_none, AnswerLog) {
    count();
    BOOST_TEST(!std::filesystem::exists(path()));
    BOOST_TEST(prepare_answer_log(run.path().string()).has_value());
    append("GET /employees 200 HIT\n");
    BOOST_TEST(prepare_answer_log(run.path().string()).has_value());
    count();
    BOOST_TEST(lists("hit") == 1U);
    const auto failed = prepare_answer_log((run.path() / "missing").string());
    BOOST_REQUIRE(!failed);
    BOOST_TEST(failed.error().find("missing/answers: No such file") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
