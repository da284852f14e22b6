#include "json/text.hpp"

#include <boost/test/unit_test.hpp>

using namespace larder::json;
using namespace std::string_view_literals;

BOOST_AUTO_TEST_SUITE(json_text)

BOOST_AUTO_TEST_CASE(quoted_escapes_what_a_json_string_cannot_hold) {
    BOOST_TEST(quoted("") == R"("")");
    BOOST_TEST(quoted("plain / text") == R"("plain / text")");
    BOOST_TEST(quoted("a\"b\\c") == R"("a\"b\\c")");
    BOOST_TEST(quoted("\n\r\t\b\f\x01") == R"("\n\r\t\b\f\u0001")");
    BOOST_TEST(quoted("a\0b"sv) == R"("a\u0000b")");
    BOOST_TEST(quoted("Zoë 你好 😀") == "\"Zoë 你好 😀\"");
}

BOOST_AUTO_TEST_CASE(well_formed_utf8_is_accepted) {
    for (const auto text : {""sv, "ascii\x7F"sv, "a\0b"sv, "\xC2\x80"sv, "\xDF\xBF"sv,
                            "\xE0\xA0\x80"sv, "\xED\x9F\xBF"sv, "\xEE\x80\x80"sv, "\xEF\xBF\xBF"sv,
                            "\xF0\x90\x80\x80"sv, "\xF4\x8F\xBF\xBF"sv, "Zoë 你好 😀"sv}) {
        BOOST_TEST_CONTEXT(quoted(text)) { BOOST_TEST(is_utf8(text)); }
    }
}

BOOST_AUTO_TEST_CASE(ill_formed_utf8_is_refused_wherever_it_stands) {
    for (const auto bad : {
             "\x80"sv,
             "\xBF"sv,  // a continuation without a start
             "\xC2"sv,
             "\xE2\x82"sv,
             "\xF0\x9F\x98"sv,  // cut off
             "\xC2\x41"sv,
             "\xE2\x28\xA1"sv,  // no continuation where one must be
             "\xC0\xAF"sv,
             "\xC1\xBF"sv,
             "\xE0\x9F\xBF"sv,      // overlong
             "\xF0\x8F\xBF\xBF"sv,  // overlong
             "\xED\xA0\x80"sv,
             "\xED\xBF\xBF"sv,  // surrogates
             "\xF4\x90\x80\x80"sv,
             "\xF5\x80\x80\x80"sv,  // beyond U+10FFFF
             "\xFE"sv,
             "\xFF"sv,
         }) {
        const std::string text(bad);
        BOOST_TEST_CONTEXT("first byte " << int(static_cast<unsigned char>(bad[0]))) {
            BOOST_TEST(!is_utf8(text));
            BOOST_TEST(!is_utf8("before " + text));
            BOOST_TEST(!is_utf8(text + " after"));
            BOOST_TEST(!is_utf8("é" + text + "é"));
        }
    }
}

BOOST_AUTO_TEST_CASE(code_points_are_counted_not_bytes) {
    BOOST_TEST(code_points("") == 0U);
    BOOST_TEST(code_points("abc") == 3U);
    BOOST_TEST(code_points("Zoë") == 3U);
    BOOST_TEST(code_points("你好😀") == 3U);
    BOOST_TEST(code_points("e\u0301") == 2U);
}

BOOST_AUTO_TEST_SUITE_END()
