// With AUTH=on each token has Idempotency-Keys of its own.
#define BOOST_TEST_MODULE idempotency_tokens
#include "guarded.hpp"

using namespace larder::test;

BOOST_TEST_GLOBAL_FIXTURE(GuardedStack);

BOOST_AUTO_TEST_CASE(a_key_is_apart_by_token) {
    const auto key = unique_text("key");
    const auto post = [&](const std::string& token, const std::string& body) {
        auto headers = bearer(token);
        headers.push_back("Idempotency-Key: " + key);
        return api().post("/items", body, headers);
    };
    const auto one = create_token("one", {"clerk"});
    const auto two = create_token("two", {"clerk"});
    const auto reader = create_token("reader", {"auditor"});
    const auto first = post(one, R"({"n": 1})");
    BOOST_TEST(first.status == 201);
    const auto other = post(two, R"({"n": 1})");
    BOOST_TEST(other.status == 201);
    BOOST_TEST(other.body != first.body);
    BOOST_TEST(!other.has("Idempotent-Replayed"));
    const auto again = post(one, R"({"n": 1})");
    BOOST_TEST(again.body == first.body);
    BOOST_TEST(again.header("Idempotent-Replayed") == "true");
    expect_problem(post(two, R"({"n": 2})"), 422);

    // The right is asked first: a kept answer is for whom might do it again.
    expect_refusal(post(reader, R"({"n": 1})"), 403, "insufficient_scope");
    revoke_token("one");
    expect_refusal(post(one, R"({"n": 1})"), 401, "invalid_token");
    BOOST_TEST(post(two, R"({"n": 1})").body == other.body);

    // A token of the same name is another one.
    const auto renewed = create_token("one", {"clerk"});
    const auto third = post(renewed, R"({"n": 1})");
    BOOST_TEST(third.status == 201);
    BOOST_TEST(!third.has("Idempotent-Replayed"));
}
