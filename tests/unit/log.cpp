#include "observe/log.hpp"

#include <fcntl.h>
#include <spdlog/spdlog.h>
#include <unistd.h>
#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <functional>
#include <iterator>
#include <string>

#include "temporary_directory.hpp"

using namespace larder;

namespace {

/// What `act` writes to standard error.
std::string standard_error_of(const std::function<void()>& act) {
    const TemporaryDirectory directory;
    const auto path = directory.path() / "stderr";
    const int file = open(path.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);
    const int saved = dup(STDERR_FILENO);
    BOOST_REQUIRE(file >= 0);
    BOOST_REQUIRE(saved >= 0);
    dup2(file, STDERR_FILENO);
    act();
    dup2(saved, STDERR_FILENO);
    close(saved);
    close(file);
    std::ifstream input(path);
    return {std::istreambuf_iterator<char>(input), {}};
}

/// The log of one program; the one before is back afterwards.
class Log {
public:
    explicit Log(bool debug, LogFormat format = LogFormat::text)
        : before_(spdlog::default_logger()) {
        start_log("unit", debug, format);
    }
    ~Log() {
        spdlog::drop("unit");
        spdlog::set_default_logger(before_);
    }
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;

private:
    std::shared_ptr<spdlog::logger> before_;
};

/// The log line of one value, from `start` on.
std::string line_of(std::string_view value, LogFormat format, std::string_view start) {
    const Log log(false, format);
    const std::string text = standard_error_of([&] { log_info("seen", {{"value", value}}); });
    BOOST_TEST(std::ranges::count(text, '\n') == 1);
    BOOST_TEST(text.ends_with('\n'));
    const auto found = text.find(start);
    BOOST_REQUIRE(found != std::string::npos);
    return text.substr(found, text.size() - found - 1);
}

std::string line_of(std::string_view value) { return line_of(value, LogFormat::text, "event="); }

/// The value as it stands in a JSON line, between its quotes.
std::string json_of(std::string_view value) {
    constexpr std::string_view before = R"("event":"seen","value":")";
    constexpr std::string_view after = "\"}";
    const std::string line = line_of(value, LogFormat::json, before);
    BOOST_REQUIRE(line.ends_with(after));
    return line.substr(before.size(), line.size() - before.size() - after.size());
}

}  // namespace

BOOST_AUTO_TEST_SUITE(log_lines)

BOOST_AUTO_TEST_CASE(a_line_has_time_level_program_event_and_fields) {
    const Log log(false);
    const std::string line =
        standard_error_of([] { log_error("failed", {{"a", "1"}, {"b", "x y"}, {"c", ""}}); });
    BOOST_TEST(line.starts_with("time=20"));
    BOOST_TEST(line.find(" level=error program=unit pid=" + std::to_string(getpid()) + ' ') !=
               std::string::npos);
    BOOST_TEST(line.ends_with(" event=failed a=1 b=\"x y\" c=\"\"\n"));
}

BOOST_AUTO_TEST_CASE(plain_values_are_bare_and_others_quoted) {
    BOOST_TEST(line_of("aZ09-_./:@+*,") == "event=seen value=aZ09-_./:@+*,");
    BOOST_TEST(line_of("") == "event=seen value=\"\"");
    BOOST_TEST(line_of("a=b") == "event=seen value=\"a=b\"");
    BOOST_TEST(line_of("Zoë") == "event=seen value=\"Zoë\"");
    BOOST_TEST(line_of("%s {} %v") == "event=seen value=\"%s {} %v\"");
}

BOOST_AUTO_TEST_CASE(user_text_cannot_forge_a_line_or_a_field) {
    BOOST_TEST(line_of("x\ntime=2099 event=forged") ==
               "event=seen value=\"x\\x0atime=2099 event=forged\"");
    BOOST_TEST(line_of("x\" admin=\"yes") == R"(event=seen value="x\" admin=\"yes")");
    BOOST_TEST(line_of("x\\\" admin=\"yes") == R"(event=seen value="x\\\" admin=\"yes")");
    BOOST_TEST(line_of("x\r\n\t\v\f\x1B[2J\x7F") ==
               R"(event=seen value="x\x0d\x0a\x09\x0b\x0c\x1b[2J\x7f")");
    BOOST_TEST(line_of(std::string_view("a\0b", 3)) == R"(event=seen value="a\x00b")");
}

BOOST_AUTO_TEST_CASE(what_a_viewer_may_take_for_a_line_is_escaped) {
    BOOST_TEST(line_of("a\xC2\x85z") == R"(event=seen value="a\xc2\x85z")");
    BOOST_TEST(line_of("a\u2028\u2029z") == R"(event=seen value="a\xe2\x80\xa8\xe2\x80\xa9z")");
    BOOST_TEST(line_of("a\u202Ez") == R"(event=seen value="a\xe2\x80\xaez")");
    BOOST_TEST(line_of("a\xFFz\xC3") == R"(event=seen value="a\xffz\xc3")");
    BOOST_TEST(line_of("日本 😀") == "event=seen value=\"日本 😀\"");
}

BOOST_AUTO_TEST_CASE(a_json_line_is_an_object) {
    const Log log(false, LogFormat::json);
    const std::string line =
        standard_error_of([] { log_error("failed", {{"a", "1"}, {"b", "x y"}, {"c", ""}}); });
    BOOST_TEST(line.starts_with(R"({"time":"20)"));
    BOOST_TEST(line.ends_with(R"(,"level":"error","program":"unit","pid":)" +
                              std::to_string(getpid()) +
                              R"(,"event":"failed","a":"1","b":"x y","c":""})" + '\n'));
}

BOOST_AUTO_TEST_CASE(user_text_cannot_forge_a_json_line_or_a_member) {
    BOOST_TEST(json_of("plain, 日本 😀 %v {}") == "plain, 日本 😀 %v {}");
    BOOST_TEST(json_of(R"(x","admin":"yes)") == R"(x\",\"admin\":\"yes)");
    BOOST_TEST(json_of(R"(x\","admin":"yes)") == R"(x\\\",\"admin\":\"yes)");
    BOOST_TEST(json_of("x\"}\n{\"a\":\"b") == R"(x\"}\u000a{\"a\":\"b)");
    BOOST_TEST(json_of("\r\n\t\x1B[2J\x7F") == R"(\u000d\u000a\u0009\u001b[2J\u007f)");
    BOOST_TEST(json_of(std::string_view("a\0b", 3)) == R"(a\u0000b)");
    BOOST_TEST(json_of("a\xC2\x85\u2028\u202Ez") == R"(a\u0085\u2028\u202ez)");
    BOOST_TEST(json_of("a\xFFz\xC3") == R"(a\ufffdz\ufffd)");
}

BOOST_AUTO_TEST_CASE(lines_bear_the_ids_of_the_request_at_work) {
    const auto lines = [](LogFormat format) {
        const Log log(false, format);
        return standard_error_of([] {
            {
                const LoggedRequest request("id-1", "trace-1");
                log_info("one", {{"a", "b"}});
            }
            {
                const LoggedRequest request("id-2", "");
                log_info("two");
            }
            log_info("three");
        });
    };
    const std::string text = lines(LogFormat::text);
    BOOST_TEST(text.contains(" event=one a=b request=id-1 trace=trace-1\n"));
    BOOST_TEST(text.contains(" event=two request=id-2\n"));
    BOOST_TEST(text.contains(" event=three\n"));
    const std::string json = lines(LogFormat::json);
    BOOST_TEST(json.contains(R"("event":"one","a":"b","request":"id-1","trace":"trace-1"})"));
    BOOST_TEST(json.contains(R"("event":"two","request":"id-2"})"));
    BOOST_TEST(json.contains(R"("event":"three"})"));
}

BOOST_AUTO_TEST_CASE(debug_lines_are_shown_only_where_asked_for) {
    const auto write = [] {
        log_debug("detail");
        log_info("news");
    };
    {
        const Log log(false);
        BOOST_TEST(!is_debug_logged());
        const std::string text = standard_error_of(write);
        BOOST_TEST(text.find("event=detail") == std::string::npos);
        BOOST_TEST(text.find("level=info") != std::string::npos);
    }
    const Log log(true);
    BOOST_TEST(is_debug_logged());
    const std::string text = standard_error_of(write);
    BOOST_TEST(text.find("level=debug") != std::string::npos);
    BOOST_TEST(text.find("event=detail\n") != std::string::npos);
    BOOST_TEST(text.find("event=news\n") != std::string::npos);
}

BOOST_AUTO_TEST_SUITE_END()
