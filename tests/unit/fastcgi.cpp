#include "server/fastcgi.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <utility>
#include <vector>

using namespace larder;
using fastcgi::RequestReader;

namespace {

constexpr std::size_t body_limit = 1000;

std::string record(int type, std::string_view content, int id = 1, int padding = 0) {
    std::string made = {1,
                        static_cast<char>(type),
                        static_cast<char>(id >> 8),
                        static_cast<char>(id),
                        static_cast<char>(content.size() >> 8),
                        static_cast<char>(content.size()),
                        static_cast<char>(padding),
                        0};
    return made.append(content).append(static_cast<std::size_t>(padding), 'x');
}

std::string begin(int role = 1, int flags = 1, int id = 1) {
    const char body[8] = {0, static_cast<char>(role), static_cast<char>(flags), 0, 0, 0, 0, 0};
    return record(1, {body, 8}, id);
}

std::string pair(std::string_view name, std::string_view value) {
    std::string made;
    for (const auto text : {name, value}) {
        if (text.size() < 128) {
            made += static_cast<char>(text.size());
        } else {
            made += static_cast<char>(0x80 | (text.size() >> 24));
            made += static_cast<char>(text.size() >> 16);
            made += static_cast<char>(text.size() >> 8);
            made += static_cast<char>(text.size());
        }
    }
    return made.append(name).append(value);
}

std::string request(std::string_view parameters, std::string_view body) {
    std::string made = begin();
    if (!parameters.empty()) made += record(4, parameters);
    made += record(4, "");
    if (!body.empty()) made += record(5, body);
    return made + record(5, "");
}

std::vector<std::pair<std::string, std::string>> parameters_of(const RequestReader& reader) {
    std::vector<std::pair<std::string, std::string>> found;
    reader.for_each_parameter(
        [&](std::string_view name, std::string_view value) { found.emplace_back(name, value); });
    return found;
}

bool fails(std::string_view bytes) {
    RequestReader reader(body_limit);
    reader.take(bytes);
    return reader.has_failed();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(fastcgi_)

BOOST_AUTO_TEST_CASE(a_request_is_put_together_from_pieces_of_any_size) {
    const std::string value(300, 'v');
    const std::string bytes = begin() + record(4, pair("A", "1"), 1, 5) +
                              record(4, pair("LONG", value)) + record(4, "") +
                              record(5, "hello ", 1, 3) + record(5, "world") + record(5, "");
    for (const std::size_t piece : {1UL, 2UL, 3UL, 7UL, 8UL, 64UL, bytes.size()}) {
        RequestReader reader(body_limit);
        BOOST_TEST(reader.is_idle());
        for (std::size_t at = 0; at < bytes.size(); at += piece) {
            BOOST_TEST(!reader.is_complete());
            const std::string_view next = std::string_view(bytes).substr(at, piece);
            BOOST_TEST(reader.take(next) == next.size());
        }
        BOOST_TEST(reader.is_complete());
        const auto parameters = parameters_of(reader);
        BOOST_REQUIRE(parameters.size() == 2U);
        BOOST_TEST(parameters[0].first == "A");
        BOOST_TEST(parameters[1].second == value);
        BOOST_TEST(reader.body() == "hello world");
        BOOST_TEST(reader.keeps_connection());
    }
}

BOOST_AUTO_TEST_CASE(the_next_request_is_left_alone_until_reset) {
    const std::string first = request(pair("A", "1"), "one");
    const std::string both = first + request(pair("B", "2"), "two");
    RequestReader reader(body_limit);
    BOOST_TEST(reader.take(both) == first.size());
    BOOST_TEST(reader.is_complete());
    reader.reset();
    BOOST_TEST(reader.is_idle());
    BOOST_TEST(reader.take(std::string_view(both).substr(first.size())) ==
               both.size() - first.size());
    BOOST_TEST(reader.body() == "two");
    BOOST_TEST(parameters_of(reader).front().first == "B");
}

BOOST_AUTO_TEST_CASE(a_body_over_the_limit_is_read_and_not_kept) {
    RequestReader reader(body_limit);
    reader.take(request("", std::string(body_limit, 'x')));
    BOOST_TEST(!reader.is_body_too_large());
    reader.reset();
    reader.take(request("", std::string(body_limit + 1, 'x')));
    BOOST_TEST(reader.is_complete());
    BOOST_TEST(reader.is_body_too_large());
    BOOST_TEST(reader.body().empty());
}

BOOST_AUTO_TEST_CASE(what_no_request_may_have_ends_the_connection) {
    std::string other_version = request("", "");
    other_version[0] = 2;
    BOOST_TEST(fails(other_version));
    BOOST_TEST(fails(record(4, "")));               // parameters of nothing
    BOOST_TEST(fails(record(5, "x")));              // a body of nothing
    BOOST_TEST(fails(begin() + begin()));           // a second request meanwhile
    BOOST_TEST(fails(begin() + record(4, "", 2)));  // of another request
    BOOST_TEST(fails(begin() + record(5, "x")));    // a body before its parameters
    BOOST_TEST(fails(begin(1, 1, 0)));              // id 0 is for management
    BOOST_TEST(fails(record(1, "short")));
    BOOST_TEST(fails(begin() + record(2, "")));  // given up
    BOOST_TEST(fails(begin() +
                     record(4,
                            "\x05\x05"
                            "ab") +
                     record(4, "")));  // cut off
    BOOST_TEST(fails(begin() + record(4, "\xff\xff\xff\xff\xff\xff\xff\xff") + record(4, "")));
    std::string many = begin();
    for (int i = 0; i < 6; ++i) many += record(4, std::string(60000, 'x'));
    BOOST_TEST(fails(many));
}

BOOST_AUTO_TEST_CASE(management_records_are_answered) {
    RequestReader reader(body_limit);
    reader.take(record(9, pair("FCGI_MAX_CONNS", ""), 0) + record(77, "0123456789", 0));
    BOOST_TEST(!reader.has_failed());
    const std::string unknown_body = {77, 0, 0, 0, 0, 0, 0, 0};
    BOOST_TEST(reader.replies() == record(10, "", 0) + record(11, unknown_body, 0));
    reader.replies().clear();
    reader.take(request("", "x"));
    BOOST_TEST(reader.is_complete());
}

BOOST_AUTO_TEST_CASE(another_role_is_refused) {
    RequestReader reader(body_limit);
    reader.take(begin(2, 1, 300));
    const std::string refusal = {0, 0, 0, 0, 3, 0, 0, 0};
    BOOST_TEST(reader.replies() == record(3, refusal, 300));
    BOOST_TEST(reader.has_failed());
}

BOOST_AUTO_TEST_CASE(an_answer_is_cut_into_records) {
    std::string out;
    fastcgi::append_output(out, 300, "head");
    fastcgi::append_output(out, 300, std::string(70000, 'y'));
    fastcgi::append_end(out, 300);
    const std::string done(8, '\0');
    BOOST_TEST(out == record(6, "head", 300) + record(6, std::string(65528, 'y'), 300) +
                          record(6, std::string(70000 - 65528, 'y'), 300) + record(3, done, 300));
}

BOOST_AUTO_TEST_CASE(a_body_that_is_a_stream_is_handed_over_as_it_comes) {
    const std::string head =
        begin() + record(4, pair("A", "1") + pair("BODY_STREAM", "1"), 1, 5) + record(4, "");
    const std::string long_part(60000, 'x');
    const std::string body = record(5, "hello ", 1, 3) + record(5, long_part) + record(5, "");
    const std::string next = request(pair("B", "2"), "");
    for (const std::size_t piece : {1UL, 7UL, 1000UL, head.size() + body.size() + next.size()}) {
        RequestReader reader(body_limit);
        const std::string bytes = head + body + next;
        std::string content;
        std::size_t at = 0;
        while (at < bytes.size() && !reader.has_head_of_stream()) {
            at += reader.take(std::string_view(bytes).substr(at, piece));
        }
        BOOST_TEST(at == head.size());
        BOOST_TEST(reader.is_stream());
        BOOST_TEST(!reader.is_complete());
        BOOST_TEST(parameters_of(reader).size() == 2U);
        BOOST_TEST(reader.take("x") == 0U);
        while (at < bytes.size() && !reader.is_complete()) {
            at += reader.take_body(std::string_view(bytes).substr(at, piece),
                                   [&](std::string_view part) { content += part; });
        }
        BOOST_TEST(at == head.size() + body.size());
        BOOST_TEST(content.size() == long_part.size() + 6);
        BOOST_TEST(!reader.is_body_too_large());
        BOOST_TEST(reader.body().empty());
        reader.reset();
        BOOST_TEST(reader.take(std::string_view(bytes).substr(at)) == next.size());
        BOOST_TEST(reader.is_complete());
        BOOST_TEST(!reader.is_stream());
    }
}

BOOST_AUTO_TEST_CASE(only_the_front_end_makes_a_body_a_stream) {
    for (const auto& parameters : {pair("HTTP_BODY_STREAM", "1"),
                                   pair("REQUEST_URI", "BODY_STREAM"), pair("A", "BODY_STREAM")}) {
        RequestReader reader(body_limit);
        reader.take(request(parameters, "body"));
        BOOST_TEST(reader.is_complete());
        BOOST_TEST(!reader.is_stream());
        BOOST_TEST(reader.body() == "body");
    }
}

BOOST_AUTO_TEST_CASE(a_stream_that_nobody_wants_is_left_out) {
    RequestReader reader(body_limit);
    reader.take(begin() + record(4, pair("BODY_STREAM", "1")) + record(4, ""));
    reader.take_body(record(5, "hello") + record(5, ""), {});
    BOOST_TEST(reader.is_complete());
    RequestReader failing(body_limit);
    failing.take(begin() + record(4, pair("BODY_STREAM", "1")) + record(4, ""));
    failing.take_body(record(5, "hello") + record(4, ""), {});
    BOOST_TEST(failing.has_failed());
}

BOOST_AUTO_TEST_SUITE_END()
