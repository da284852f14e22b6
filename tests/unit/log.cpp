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
    explicit Log(bool debug) : before_(spdlog::default_logger()) { start_log("unit", debug); }
    ~Log() {
        spdlog::drop("unit");
        spdlog::set_default_logger(before_);
    }
    Log(const Log&) = delete;
    Log& operator=(const Log&) = delete;

private:
    std::shared_ptr<spdlog::logger> before_;
};

/// The log line of one value, from `event=` on.
std::string line_of(std::string_view value) {
    const Log log(false);
    const std::string text = standard_error_of([&] { log_info("seen", {{"value", value}}); });
    BOOST_TEST(std::ranges::count(text, '\n') == 1);
    BOOST_TEST(text.ends_with('\n'));
    const auto event = text.find("event=");
    BOOST_REQUIRE(event != std::string::npos);
    return text.substr(event, text.size() - event - 1);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(log_lines)

BOOST_AUTO_TEST_CASE(a_line_has_time_level_program_event_and_fields) {
    const Log log(false);
    const std::string line = standard_error_of([] {
        log_error("failed", {{"a", "1"}, {"b", "x y"}, {"c", ""}});
    });
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
