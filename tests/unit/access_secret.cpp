#include "access/secret.hpp"

#include <boost/test/unit_test.hpp>

#include <optional>
#include <random>
#include <set>
#include <string>
#include <vector>

#include "access/loggable_text.hpp"
#include "access/token_table.hpp"
#include "base64url.hpp"

using namespace larder;
using namespace larder::access;

namespace {

using Row = std::vector<std::optional<std::string>>;

Row row_of(const std::string& token, const std::string& roles = "clerk",
           std::optional<std::string> expires = std::nullopt) {
    return {"7", "ci", to_hex(hash_of(token)), roles, std::move(expires)};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(access_secret)

// RFC 4648, section 10, without the padding.
BOOST_AUTO_TEST_CASE(base64url_of_the_standard) {
    const std::vector<std::pair<std::string, std::string>> vectors = {
        {"", ""},           {"f", "Zg"},          {"fo", "Zm8"},          {"foo", "Zm9v"},
        {"foob", "Zm9vYg"}, {"fooba", "Zm9vYmE"}, {"foobar", "Zm9vYmFy"}, {"\xFB\xFF", "-_8"}};
    for (const auto& [bytes, text] : vectors) {
        BOOST_TEST(to_base64url(bytes) == text);
        BOOST_TEST(from_base64url(text).value_or("none") == bytes);
    }
}

BOOST_AUTO_TEST_CASE(base64url_has_one_text_for_each_value) {
    for (const std::string text :
         {"Z", "Zh", "Zm9=", "Zg==", "Zm8 ", "Zm+v", "Zm/v", "Zm9vY", "Zm\n9", "\xC3\xA4Zm"}) {
        BOOST_TEST(!from_base64url(text).has_value(), text);
    }
    std::mt19937 random(1);
    for (int i = 0; i < 20000; ++i) {
        std::string bytes(random() % 50, '\0');
        for (char& c : bytes) c = static_cast<char>(random());
        BOOST_REQUIRE(from_base64url(to_base64url(bytes)) == bytes);
        std::string text(random() % 8, '\0');
        for (char& c : text) c = "AQgwBCDE-_9z"[random() % 12];
        if (const auto read = from_base64url(text)) BOOST_REQUIRE(to_base64url(*read) == text);
    }
}

// FIPS 180-4, as NIST's examples have it.
BOOST_AUTO_TEST_CASE(sha256_of_the_standard) {
    BOOST_TEST(to_hex(sha256("abc")) ==
               "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
    BOOST_TEST(to_hex(sha256("")) ==
               "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855");
}

BOOST_AUTO_TEST_CASE(a_new_token_has_the_form_and_never_comes_twice) {
    std::set<std::string> seen;
    for (int i = 0; i < 1000; ++i) {
        const auto token = make_token();
        BOOST_REQUIRE(token.has_value());
        BOOST_TEST(is_own_token(*token));
        BOOST_TEST(from_base64url(token->substr(token_prefix.size())).value().size() == 32U);
        BOOST_TEST(seen.insert(*token).second);
    }
}

BOOST_AUTO_TEST_CASE(other_texts_are_no_tokens) {
    const std::string token = make_token().value();
    for (const std::string& text :
         {std::string(), token.substr(1), token + "A", token.substr(0, 49),
          "Larder_" + token.substr(7), "larder-" + token.substr(7), token.substr(0, 49) + "=",
          token.substr(0, 49) + " ", token.substr(0, 49) + '\0', std::string("ci")}) {
        BOOST_TEST(!is_own_token(text));
    }
}

BOOST_AUTO_TEST_CASE(a_wiped_text_is_empty) {
    std::string secret = "larder_secret";
    wipe(secret);
    BOOST_TEST(secret.empty());
}

BOOST_AUTO_TEST_CASE(text_for_a_log) {
    BOOST_TEST(loggable_text("auth0|a@b.c", 64) == "auth0|a@b.c");
    BOOST_TEST(loggable_text("a b\"c\\d\ne\xC3\xA4", 64) == "a?b?c?d?e??");
    BOOST_TEST(loggable_text("abcdef", 3) == "abc");
}

BOOST_AUTO_TEST_SUITE_END()

BOOST_AUTO_TEST_SUITE(access_token_table)

BOOST_AUTO_TEST_CASE(names_of_tokens) {
    for (const std::string name : {"ci", "a", "ann@example.org", "Build-7", "a.b_c"}) {
        BOOST_TEST(is_token_name(name), name);
    }
    for (const std::string name : {"", "7", "7a", "-a", "a b", "a/b", "a\"b", "\xC3\xA4"}) {
        BOOST_TEST(!is_token_name(name), name);
    }
    BOOST_TEST(is_token_name(std::string(64, 'a')));
    BOOST_TEST(!is_token_name(std::string(65, 'a')));
}

BOOST_AUTO_TEST_CASE(a_token_is_found_by_its_hash_alone) {
    TokenTable table;
    std::vector<std::string> tokens;
    for (int i = 0; i < 200; ++i) {
        tokens.push_back(make_token().value());
        auto row = row_of(tokens.back());
        row[0] = std::to_string(i);
        BOOST_REQUIRE(table.add(row));
    }
    table.finish();
    BOOST_TEST(table.size() == 200U);
    for (int i = 0; i < 200; ++i) {
        const auto verdict = table.judge(tokens[static_cast<std::size_t>(i)], 0);
        BOOST_REQUIRE(verdict.has_value());
        BOOST_TEST(verdict->id == std::to_string(i));
        BOOST_TEST((verdict->kind == IdentityKind::token));
    }
    std::string other = tokens[0];
    other.back() = other.back() == 'A' ? 'E' : 'A';
    BOOST_TEST((table.judge(other, 0).error() == Refusal::unknown));
    BOOST_TEST((TokenTable().judge(tokens[0], 0).error() == Refusal::unknown));
}

BOOST_AUTO_TEST_CASE(a_token_stands_for_its_name_and_roles) {
    const std::string token = make_token().value();
    TokenTable table;
    BOOST_REQUIRE(table.add(row_of(token, "clerk,auditor,clerk", "1000")));
    table.finish();
    const auto verdict = table.judge(token, 999);
    BOOST_REQUIRE(verdict.has_value());
    BOOST_TEST((*verdict == Identity{.kind = IdentityKind::token,
                                     .id = "7",
                                     .name = "ci",
                                     .roles = {"auditor", "clerk"},
                                     .expires = 1000}));
    BOOST_TEST((table.judge(token, 1000).error() == Refusal::expired));
}

BOOST_AUTO_TEST_CASE(what_is_no_role_gives_no_right) {
    const std::string token = make_token().value();
    TokenTable table;
    BOOST_REQUIRE(table.add(row_of(token, "anyone,a b,,clerk")));
    table.finish();
    BOOST_TEST((table.judge(token, 0)->roles == Roles{"clerk"}));
}

BOOST_AUTO_TEST_CASE(rows_that_are_none_are_refused) {
    const std::string token = make_token().value();
    TokenTable table;
    const auto without = [&](std::size_t column, std::optional<std::string> value) {
        auto row = row_of(token);
        row[column] = std::move(value);
        return row;
    };
    BOOST_TEST(!table.add({}));
    BOOST_TEST(!table.add(without(0, std::nullopt)));
    BOOST_TEST(!table.add(without(1, std::nullopt)));
    BOOST_TEST(!table.add(without(2, std::nullopt)));
    BOOST_TEST(!table.add(without(2, "ab")));
    BOOST_TEST(!table.add(without(2, std::string(64, 'g'))));
    BOOST_TEST(!table.add(without(3, std::nullopt)));
    BOOST_TEST(!table.add(without(4, "infinity")));
    BOOST_TEST(table.size() == 0U);
}

BOOST_AUTO_TEST_SUITE_END()
