#include "records/idempotency.hpp"

#include <boost/test/unit_test.hpp>

#include <set>
#include <string>

#include "http/idempotency_key.hpp"

using namespace larder;

BOOST_AUTO_TEST_SUITE(idempotency)

BOOST_AUTO_TEST_CASE(a_key_is_a_text_in_quotes_or_bare) {
    const std::string longest(http::longest_idempotency_key, 'k');
    const std::pair<std::string, std::string> keys[] = {
        {R"("8e03-97")", "8e03-97"},
        {"8e03-97", "8e03-97"},
        {"  8e03-97\t", "8e03-97"},
        {R"( "8e03-97" )", "8e03-97"},
        {R"("a\"b\\c, ;")", R"(a"b\c, ;)"},
        {"a b", "a b"},
        {R"(" ")", " "},
        {longest, longest},
        {'"' + longest + '"', longest},
        {R"(a\b)", R"(a\b)"},
    };
    for (const auto& [field, key] : keys) {
        BOOST_TEST_CONTEXT(field) {
            const auto parsed = http::parse_idempotency_key(field);
            BOOST_TEST_REQUIRE(parsed.has_value());
            BOOST_TEST(*parsed == key);
        }
    }
    for (const std::string& field :
         {std::string(), std::string("  "), std::string("\"\""), longest + 'k',
          '"' + longest + "k\"", std::string("\"open"), std::string(R"("open\")"),
          std::string(R"("a"b)"), std::string(R"("a";b)"), std::string(R"("a", "a")"),
          std::string("a, a"), std::string("a;b"), std::string("a\"b"), std::string(R"("\n")"),
          std::string("a\tb"), std::string("caf\xC3\xA9"), std::string("\"a\x7F\"")}) {
        BOOST_TEST_CONTEXT(field) {
            const auto parsed = http::parse_idempotency_key(field);
            BOOST_TEST_REQUIRE(!parsed.has_value());
            BOOST_TEST((parsed.error().kind == ErrorKind::bad_request));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_fingerprint_is_of_the_whole_request) {
    http::Request request;
    request.method = http::Method::put;
    request.target = "/products/1";
    request.content_type = "application/json";
    request.body = "{}";
    const auto first = idempotency_key("key", request);
    BOOST_TEST(first.key.size() == 64U);
    BOOST_TEST(idempotency_key("key", request).fingerprint == first.fingerprint);
    BOOST_TEST(idempotency_key("other", request).key != first.key);
    BOOST_TEST(idempotency_key("other", request).fingerprint == first.fingerprint);

    std::set<std::string> fingerprints = {first.fingerprint};
    const auto differs = [&](const http::Request& changed) {
        const auto key = idempotency_key("key", changed);
        BOOST_TEST(key.key == first.key);
        BOOST_TEST(fingerprints.insert(key.fingerprint).second);
    };
    auto changed = request;
    changed.method = http::Method::patch;
    differs(changed);
    changed = request;
    changed.target = "/products/1?";
    differs(changed);
    changed = request;
    changed.target = "/products/1a";
    changed.content_type = "pplication/json";  // the same characters in a row
    differs(changed);
    changed = request;
    changed.body = "{ }";
    differs(changed);
    for (const auto* tag : {"", "*"}) {
        changed = request;
        changed.if_match = tag;
        differs(changed);
        changed = request;
        changed.if_none_match = tag;
        differs(changed);
    }

    // Whose it is, and a key that looks like it.
    changed = request;
    changed.key_owner = "token 1";
    BOOST_TEST(idempotency_key("key", changed).key != first.key);
    BOOST_TEST(idempotency_key("token 1key", request).key != idempotency_key("key", changed).key);
    BOOST_TEST(idempotency_key("key", changed).fingerprint == first.fingerprint);
}

BOOST_AUTO_TEST_SUITE_END()
