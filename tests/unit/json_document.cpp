#include "json/document.hpp"

#include <boost/test/unit_test.hpp>

#include <initializer_list>
#include <string>

using namespace larder::json;
using namespace std::string_view_literals;

namespace {

void check_refused(std::initializer_list<std::string_view> texts) {
    for (const auto text : texts) {
        BOOST_TEST_CONTEXT("body " << text) {
            const auto document = parse(text);
            BOOST_REQUIRE(!document);
            BOOST_TEST(!document.error().empty());
        }
    }
}

/// `depth` arrays, one in the other.
std::string nested(std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); }

/// The text of the number in `{"n": number}`; empty where the body was refused.
std::string kept(const std::string& number) {
    const auto document = parse("{\"n\": " + number + "}");
    if (!document) return {};
    const auto* member = document->find("n");
    BOOST_REQUIRE(member != nullptr);
    BOOST_TEST((member->type == Type::number));
    return member->text;
}

constexpr std::size_t body_size = 1 << 20;

/// An array of `element`, as large as a body may be.
std::string array_of(const std::string& element) {
    std::string body = "[";
    while (body.size() < body_size) body += element + ',';
    return body + "1]";
}

}  // namespace

BOOST_AUTO_TEST_SUITE(json_document)

BOOST_AUTO_TEST_CASE(members_are_kept_in_order_with_their_types) {
    const auto document = parse(
        R"( {"s": "a\nb", "n": -1.50, "t": true, "z": null, "o": {"s": 1}, "a": ["s"], "": ""} )");
    BOOST_REQUIRE(document);
    BOOST_TEST((document->root == Type::object));
    const std::vector<Member> expected = {
        {"s", Type::string, "a\nb"}, {"n", Type::number, "-1.50"}, {"t", Type::boolean, ""},
        {"z", Type::null, ""},       {"o", Type::object, ""},      {"a", Type::array, ""},
        {"", Type::string, ""},
    };
    BOOST_REQUIRE(document->members.size() == expected.size());
    for (std::size_t i = 0; i < expected.size(); ++i) {
        BOOST_TEST(document->members[i].name == expected[i].name);
        BOOST_TEST((document->members[i].type == expected[i].type));
        BOOST_TEST(document->members[i].text == expected[i].text);
    }
}

BOOST_AUTO_TEST_CASE(a_member_is_found_by_name) {
    const auto document = parse(R"({"a": 1, "\u0062": "2"})");
    BOOST_REQUIRE(document);
    BOOST_REQUIRE(document->find("b") != nullptr);
    BOOST_TEST(document->find("b")->text == "2");
    BOOST_TEST(document->find("c") == nullptr);
}

BOOST_AUTO_TEST_CASE(every_type_may_be_the_root) {
    const std::initializer_list<std::pair<std::string_view, Type>> roots = {
        {"null", Type::null},     {"true", Type::boolean},  {"12", Type::number},
        {R"("x")", Type::string}, {"[1, {}]", Type::array}, {"{}", Type::object}};
    for (const auto& [text, type] : roots) {
        const auto document = parse(text);
        BOOST_REQUIRE(document);
        BOOST_TEST((document->root == type));
        BOOST_TEST(document->members.empty());
    }
}

BOOST_AUTO_TEST_CASE(nothing_is_not_json) { check_refused({"", " ", "\n\t\r ", "\xEF\xBB\xBF"}); }

BOOST_AUTO_TEST_CASE(a_byte_order_mark_is_refused) { check_refused({"\xEF\xBB\xBF{}"}); }

BOOST_AUTO_TEST_CASE(white_space_around_is_accepted) {
    BOOST_TEST(parse(" \t\r\n{ \"a\" :\n1 } \n").has_value());
}

BOOST_AUTO_TEST_CASE(every_cut_is_noticed) {
    const std::string_view whole = R"({"a": "x\u00e9", "b": [1, {"c": true}], "d": null})";
    BOOST_REQUIRE(parse(whole).has_value());
    for (std::size_t length = 0; length < whole.size(); ++length) {
        BOOST_TEST_CONTEXT(whole.substr(0, length)) {
            BOOST_TEST(!parse(whole.substr(0, length)).has_value());
        }
    }
}

BOOST_AUTO_TEST_CASE(what_follows_is_noticed) {
    check_refused({"{} x", "{}{}", "{},", "{}]", "1 2", "nullnull", "{}\xFF", "{}//"});
}

BOOST_AUTO_TEST_CASE(what_only_resembles_json_is_refused) {
    check_refused({"{a: 1}",     "{'a': 1}", R"({"a": 1,})", "[1,]",       R"({"a"})", R"({"a": })",
                   R"({1: 2})",  "name=x",   "NaN",          "[Infinity]", "[-]",      "[+1]",
                   "[01]",       "[1.]",     "[.5]",         "[1e]",       "[1e+]",    "[0x10]",
                   "True",       "[1 2]",    "[,]",          "/**/{}",     "[1e400x]", "[1e400e5]",
                   "[-1e400.5]", "[01e400]", "[1.e400]"});
}

BOOST_AUTO_TEST_CASE(strings_must_be_well_formed) {
    check_refused({R"(["\x41"])", R"(["\u12"])", R"(["\u12G4"])", "[\"a\nb\"]", "[\"a\tb\"]",
                   "[\"\x01\"]", R"(["abc])", R"(["\"])"});
}

BOOST_AUTO_TEST_CASE(nul_is_refused_raw_and_escaped) {
    check_refused({"{\"a\": \"x\0y\"}"sv, "{\"a\0\": 1}"sv, "{}\0"sv, "\0"sv, "{\0}"sv,
                   R"({"a": "x\u0000y"})", R"({"a\u0000": 1})", R"([["\u0000"]])"});
    BOOST_TEST(parse(R"({"a": "\\u0000"})").has_value());
}

BOOST_AUTO_TEST_CASE(half_a_surrogate_pair_is_refused) {
    check_refused({R"(["\uD800"])", R"(["\uDBFF x"])", R"(["\uD800\u0041"])", R"(["\uD800\uD800"])",
                   R"(["\uDC00"])", R"(["x\uDFFF"])", R"(["\uDC00\uD800"])", R"({"\uD83D": 1})",
                   R"({"\uDE00": 1})", R"({"a": {"b": "\uDE00"}})"});
    const auto document = parse(R"({"a": "\uD83D\uDE00"})");
    BOOST_REQUIRE(document);
    BOOST_TEST(document->find("a")->text == "😀");
}

BOOST_AUTO_TEST_CASE(what_is_not_utf8_is_refused) {
    check_refused({"[\"\xFF\"]", "[\"\xC3\"]", "[\"\xC0\xAF\"]", "[\"\xED\xA0\x80\"]",
                   "[\"\xF4\x90\x80\x80\"]", "{\"\xE2\x82\": 1}", "\xFF\xFE{\0}\0"sv,
                   "[\"caf\xE9\"]"});
}

BOOST_AUTO_TEST_CASE(a_duplicate_key_is_refused_however_it_is_spelled) {
    check_refused({R"({"a": 1, "a": 1})", R"({"a": 1, "b": 2, "a": 3})", R"({"a": 1, "\u0061": 2})",
                   R"({"é": 1, "\u00e9": 2})", R"({"a/b": 1, "a\/b": 2})",
                   R"({"😀": 1, "\uD83D\uDE00": 2})", R"({"": 1, "": 2})",
                   R"({"x": {"a": 1, "a": 2}})", R"([{"a": {}, "a": []}])"});
    BOOST_TEST(parse(R"({"a": 1})").has_value());
}

BOOST_AUTO_TEST_CASE(the_same_key_in_different_objects_is_no_duplicate) {
    BOOST_TEST(parse(R"({"a": {"a": {"a": 1}}, "b": [{"a": 1}, {"a": 1}], "A": 2})").has_value());
}

BOOST_AUTO_TEST_CASE(the_key_that_is_twice_is_named) {
    const auto document = parse(R"({"name": 1, "n\u0061me": 2})");
    BOOST_REQUIRE(!document);
    BOOST_TEST(document.error().find("'name'") != std::string::npos);
}

BOOST_AUTO_TEST_CASE(depth_is_limited_and_the_root_counts) {
    BOOST_TEST(parse(nested(32)).has_value());
    BOOST_TEST(!parse(nested(33)).has_value());
    BOOST_TEST(parse("{\"a\": " + nested(31) + "}").has_value());
    BOOST_TEST(!parse("{\"a\": " + nested(32) + "}").has_value());
    BOOST_TEST(parse("{\"a\": " + nested(31) + ", \"b\": " + nested(31) + "}").has_value());
}

BOOST_AUTO_TEST_CASE(absurd_depth_does_no_harm) {
    BOOST_TEST(!parse(nested(200000)).has_value());
    BOOST_TEST(!parse(std::string(200000, '[')).has_value());
    std::string objects;
    for (int i = 0; i < 100000; ++i) objects += "{\"a\":";
    BOOST_TEST(!parse(objects).has_value());
}

BOOST_AUTO_TEST_CASE(numbers_keep_their_digits) {
    for (const std::string number : {"0",
                                     "-0",
                                     "-0.0",
                                     "24.99",
                                     "24.90",
                                     "1e3",
                                     "1E+3",
                                     "1.5e-7",
                                     "12345678901234567890",
                                     "0.1234567890123456789012345678901234567890",
                                     "1e308",
                                     "1e309",
                                     "1e400",
                                     "-1e400",
                                     "-1e-400",
                                     "1e-20000",
                                     "0e999999999999",
                                     "1e99999999999999999999999",
                                     "-1.5E+99999999999999999999999",
                                     "1e-99999999999999999999999",
                                     "128.74836467836484838364836483643636483648e-336",
                                     "128.74836467836484838364836483643636483648e336"}) {
        BOOST_TEST(kept(number) == number);
    }
}

BOOST_AUTO_TEST_CASE(numbers_of_any_length_keep_their_digits) {
    for (const std::size_t length : {400, 20001, 150000}) {
        const std::string digits(length, '7');
        for (const std::string& number :
             {digits, '-' + digits, "0." + digits, digits + ".5", digits + "e5", "1e" + digits}) {
            BOOST_TEST_CONTEXT(length << " digits like " << number.substr(0, 4)) {
                BOOST_TEST((kept(number) == number));
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(huge_numbers_stand_beside_other_values) {
    const auto document = parse(
        R"({"a": [1e400, "1e400 \" 2e500", -2e500],
            "b": 3e600, "c": "4e700", "d": 5, "e": 6e800})");
    BOOST_REQUIRE(document);
    BOOST_TEST(document->find("b")->text == "3e600");
    BOOST_TEST(document->find("c")->text == "4e700");
    BOOST_TEST(document->find("d")->text == "5");
    BOOST_TEST(document->find("e")->text == "6e800");
    const auto root = parse("1e400");
    BOOST_REQUIRE(root);
    BOOST_TEST((root->root == Type::number));
}

BOOST_AUTO_TEST_CASE(numbers_that_postgresql_cannot_hold_are_pointed_at) {
    const auto document = parse(
        R"({"id": [1e999999], "a": 1e400, "b": 1e999999, "c/d": [0, {"~": [[], -1e999999]}, 1e-20000],
            "e": "1e999999",
            "f": {}, "g": 0e999999999999})");
    BOOST_REQUIRE(document);
    const std::vector<std::string> expected = {"/b", "/c~1d/1/~0/1", "/c~1d/2", "/g"};
    BOOST_TEST((document->unstorable == expected));
    BOOST_TEST((parse("1e999999")->unstorable == std::vector<std::string>{""}));
    BOOST_TEST((parse("[1, 1e999999]")->unstorable == std::vector<std::string>{"/1"}));
}

BOOST_AUTO_TEST_CASE(how_much_longer_numbers_get_is_counted) {
    BOOST_TEST(parse(R"({"a": 24.90, "b": [-1.5, 1e0]})")->growth == 0U);
    BOOST_TEST(parse(R"({"a": 1e9})")->growth == 7U);
    BOOST_TEST(parse(R"({"a": [1e999, {"b": 1e-1000}], "id": 1e999})")->growth == 1988U);
}

BOOST_AUTO_TEST_CASE(the_place_of_the_id_is_known) {
    const auto id_in = [](std::string_view text) {
        const auto document = parse(text);
        BOOST_REQUIRE(document);
        const auto* id = document->find("id");
        return id == nullptr ? "" : text.substr(id->begin, id->end - id->begin);
    };
    BOOST_TEST(id_in(R"({"a": {"id": 1}})") == "");
    BOOST_TEST(id_in(R"({"id": 12, "a": 1})") == ": 12");
    BOOST_TEST(id_in(R"({"a": 1, "i\u0064" : {"id": [1e400]} })") == " : {\"id\": [1e400]}");
    BOOST_TEST(id_in(R"({"id":"x"})") == R"(:"x")");
    BOOST_TEST(id_in(R"({"id":null})") == ":null");
}

BOOST_AUTO_TEST_CASE(what_is_no_utf8_is_named) {
    const std::pair<std::string_view, std::string_view> named[] = {
        {"\xEF\xBB\xBF{}", "byte order mark"},
        {"\xFF\xFE{\0}\0"sv, "UTF-16"},
        {"\xFE\xFF\0{\0}"sv, "UTF-16"},
        {"{\0}\0"sv, "UTF-16"},
        {"\0{\0}"sv, "UTF-16"},
        {"1\0"sv, "UTF-16"},
        {"{\0\0\0}\0\0\0"sv, "UTF-32"},
        {"\0\0\0{\0\0\0}"sv, "UTF-32"},
        {"\xFF\xFE\0\0{\0\0\0"sv, "UTF-32"},
        {"\x1F\x8B\x08\0"sv, "gzip"},
        {"{\"a\": \"\0\"}"sv, "NUL"},
        {"{}\0"sv, "NUL"},
        {"\0"sv, "NUL"},
        {R"({"a": "\u0000"})", "NUL"}};
    for (const auto& [text, name] : named) {
        BOOST_TEST_CONTEXT(name) {
            const auto document = parse(text);
            BOOST_REQUIRE(!document);
            BOOST_TEST(document.error().find(name) != std::string::npos, document.error());
        }
    }
}

BOOST_AUTO_TEST_CASE(pointers_are_escaped) {
    BOOST_TEST(pointer("", "") == "/");
    BOOST_TEST(pointer("", "a") == "/a");
    BOOST_TEST(pointer("/a", "b/c~d~1") == "/a/b~1c~0d~01");
}

BOOST_AUTO_TEST_SUITE_END()

// The loop thread parses bodies: none may keep it for long, or fill its memory. Effort that is not
// linear takes minutes here, which is ctest's time limit. (Boost's own limit is a signal, after
// which ThreadSanitizer reports whatever follows.)
BOOST_AUTO_TEST_SUITE(json_document_effort)

BOOST_AUTO_TEST_CASE(many_huge_numbers_are_read_in_linear_time) {
    BOOST_TEST(parse(array_of("1e400")).has_value());
    BOOST_TEST(parse(array_of("-1.5e-99999999999999999999")).has_value());
    BOOST_TEST(!parse(array_of("1e400e5")).has_value());
}

BOOST_AUTO_TEST_CASE(long_runs_of_digits_are_read_in_linear_time) {
    for (const std::string& run :
         {std::string(body_size, '0'), std::string(body_size, '1') + ".x",
          std::string(body_size, '-'), std::string(body_size, 'e'),
          "1e" + std::string(body_size, '+'), std::string(body_size, '.')}) {
        BOOST_TEST(!parse("[1e400," + run + "]").has_value());
    }
}

BOOST_AUTO_TEST_CASE(many_unstorable_numbers_under_a_long_key_do_not_fill_the_memory) {
    const std::string body =
        "{\"" + std::string(body_size / 2, 'k') + "\":" + array_of("1e999999") + "}";
    const auto document = parse(body);
    BOOST_REQUIRE(document);
    BOOST_TEST(document->unstorable.size() == 1U);
    const auto several = parse(array_of("1e999999"));
    BOOST_REQUIRE(several);
    BOOST_TEST(several->unstorable.size() > 1000U);
    BOOST_TEST(several->unstorable.size() < 50000U);
}

BOOST_AUTO_TEST_CASE(many_keys_are_read_quickly) {
    std::string body = "{";
    for (int i = 0; body.size() < body_size; ++i) body += '"' + std::to_string(i) + "\":0,";
    BOOST_TEST(parse(body + "\"\":0}").has_value());
    BOOST_TEST(!parse(body + "\"0\":0}").has_value());
}

BOOST_AUTO_TEST_SUITE_END()
