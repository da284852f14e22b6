#include "access/claims.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <utility>

#include "access/secret.hpp"

using namespace larder::access;

namespace {

constexpr std::int64_t now = 1'800'000'000;

const JwtRules rules{.issuer = "https://id.example", .audience = "larder"};

/// Claims that fit, with some members of one's own in front; `without` leaves one out.
std::string claims_with(const std::string& members, const std::string& without = "") {
    std::string text = "{" + members;
    const std::pair<std::string, std::string> usual[] = {{"iss", R"("https://id.example")"},
                                                         {"aud", R"("larder")"},
                                                         {"exp", "1800000300"},
                                                         {"sub", R"("ann")"}};
    for (const auto& [name, value] : usual) {
        if (name == without || members.contains('"' + name + '"')) continue;
        if (text.size() > 1) text += ',';
        text.append("\"").append(name).append("\":").append(value);
    }
    return text + '}';
}

Verdict judged(const std::string& members, const std::string& without = "",
               const JwtRules& by = rules) {
    return judge_claims(claims_with(members, without), by, now);
}

bool is_refused(const std::string& members, Refusal why, const std::string& without = "") {
    const auto verdict = judged(members, without);
    return !verdict && verdict.error() == why;
}

Roles roles_by(const std::string& claim, const std::string& members) {
    JwtRules by = rules;
    by.role_claim = claim;
    const auto verdict = judged(members, "", by);
    return verdict ? verdict->roles : Roles{"refused"};
}

}  // namespace

BOOST_AUTO_TEST_SUITE(access_claims)

BOOST_AUTO_TEST_CASE(claims_that_fit_give_an_identity) {
    const auto identity = judged(R"("roles":["clerk","auditor"])");
    BOOST_REQUIRE(identity.has_value());
    BOOST_TEST((identity->kind == IdentityKind::jwt));
    BOOST_TEST(identity->name == "ann");
    BOOST_TEST((identity->roles == Roles{"auditor", "clerk"}));
    BOOST_TEST(identity->expires.value() == 1'800'000'360);
    using namespace std::string_view_literals;
    BOOST_TEST(identity->id == to_hex(sha256("https://id.example\0ann"sv)).substr(0, 32));
    // A renewed token is of the same identity, another subject is of another.
    BOOST_TEST(judged(R"("exp":1800000900,"jti":"2")")->id == identity->id);
    BOOST_TEST(judged(R"("sub":"bob")")->id != identity->id);
}

BOOST_AUTO_TEST_CASE(expiry_with_a_skew_of_a_minute) {
    BOOST_TEST(judged(R"("exp":1799999941)").has_value());
    BOOST_TEST(is_refused(R"("exp":1799999940)", Refusal::expired));
    BOOST_TEST(is_refused("", Refusal::missing_claim, "exp"));
    BOOST_TEST(judged(R"("exp":1800000000.75)")->expires.value() == 1'800'000'060);
    BOOST_TEST(is_refused(R"("exp":-5)", Refusal::expired));
    BOOST_TEST(is_refused(R"("exp":0)", Refusal::expired));
    for (const std::string value :
         {R"("1800000300")", "null", "true", "[1800000300]", "{}", "1.8e9", "1.8E+9",
          "18000003000000000000000", "9223372036854775807", "253402300800", "1e400",
          "1800000300.5e1"}) {
        BOOST_TEST(is_refused(R"("exp":)" + value, Refusal::malformed), value);
    }
}

BOOST_AUTO_TEST_CASE(not_before_with_a_skew_of_a_minute) {
    BOOST_TEST(judged(R"("nbf":1800000060)").has_value());
    BOOST_TEST(is_refused(R"("nbf":1800000061)", Refusal::too_early));
    BOOST_TEST(is_refused(R"("nbf":"1")", Refusal::malformed));
    BOOST_TEST(is_refused(R"("nbf":null)", Refusal::malformed));
}

BOOST_AUTO_TEST_CASE(the_issuer_is_the_same_byte_by_byte) {
    for (const std::string value :
         {R"("https://id.example/")", R"("https://ID.example")", R"("")",
          R"(["https://id.example"])", "null", "7", R"("https://id.example\u200b")"}) {
        BOOST_TEST(is_refused(R"("iss":)" + value, Refusal::issuer), value);
    }
    BOOST_TEST(is_refused("", Refusal::issuer, "iss"));
    BOOST_TEST(judged(R"("iss":"https:\/\/id.ex\u0061mple")").has_value());
}

BOOST_AUTO_TEST_CASE(the_audience_is_among_those_named) {
    BOOST_TEST(judged(R"("aud":["other","larder"])").has_value());
    BOOST_TEST(judged(R"("aud":["l\u0061rder"])").has_value());
    for (const std::string value :
         {R"("other")", R"("larder2")", R"("")", "[]", R"(["other"])", R"(["larder",7])",
          R"([["larder"]])", R"({"larder":1})", "null", R"(["\"larder\""])"}) {
        BOOST_TEST(is_refused(R"("aud":)" + value, Refusal::audience), value);
    }
    BOOST_TEST(is_refused("", Refusal::audience, "aud"));
}

// What is not set must not become what anybody may say.
BOOST_AUTO_TEST_CASE(empty_rules_fit_no_token) {
    BOOST_TEST((judge_claims(claims_with(R"("iss":"")"), {.audience = "larder"}, now).error() ==
                Refusal::issuer));
    for (const std::string value : {R"("")", R"([""])"}) {
        BOOST_TEST((
            judge_claims(claims_with(R"("aud":)" + value), {.issuer = rules.issuer}, now).error() ==
            Refusal::audience));
    }
}

BOOST_AUTO_TEST_CASE(a_subject_is_needed_and_made_fit_for_a_log) {
    BOOST_TEST(is_refused("", Refusal::missing_claim, "sub"));
    BOOST_TEST(is_refused(R"("sub":"")", Refusal::malformed));
    BOOST_TEST(is_refused(R"("sub":7)", Refusal::malformed));
    BOOST_TEST(judged(R"("sub":"a b\n\"c\u00e4")")->name == "a?b??c??");
    BOOST_TEST(judged(R"("sub":")" + std::string(500, 's') + '"')->name == std::string(64, 's'));
}

BOOST_AUTO_TEST_CASE(roles_are_in_the_claim_of_the_setting) {
    const auto clerk = Roles{"clerk"};
    BOOST_TEST((roles_by("roles", R"("roles":["clerk"])") == clerk));
    BOOST_TEST((roles_by("roles", R"("roles":"clerk")") == clerk));
    BOOST_TEST((roles_by("scope", R"("scope":"b openid a","roles":["admin"])") ==
                Roles{"a", "b", "openid"}));
    BOOST_TEST((roles_by("realm_access.roles", R"("realm_access":{"roles":["clerk"]})") == clerk));
    BOOST_TEST((roles_by("a.b.c", R"("a":{"b":{"c":"clerk"}})") == clerk));
    // The whole name comes first: names of claims are URLs, too.
    BOOST_TEST(
        (roles_by("https://x.example/roles", R"("https://x.example/roles":"clerk")") == clerk));
    BOOST_TEST((roles_by("a.b", R"("a.b":["clerk"],"a":{"b":["admin"]})") == clerk));
    // None.
    for (const std::string value : {"null", "[]", R"("")", R"(["anyone","","a b","a\"b"])"}) {
        BOOST_TEST((roles_by("roles", R"("roles":)" + value).empty()), value);
    }
    BOOST_TEST(roles_by("roles", R"("x":1)").empty());
    BOOST_TEST(roles_by("a.b", R"("a":"clerk")").empty());
    BOOST_TEST(roles_by("a.b", R"("a":{"c":["clerk"]})").empty());
    BOOST_TEST((roles_by("roles", R"("roles":["clerk","clerk","cl\u0065rk"])") == clerk));
    for (const std::string value :
         {"7", "true", "{}", R"([7])", R"([["clerk"]])", R"(["clerk",null])"}) {
        BOOST_TEST(is_refused(R"("roles":)" + value, Refusal::malformed), value);
    }
}

BOOST_AUTO_TEST_CASE(no_member_appears_twice) {
    for (const std::string members :
         {R"("sub":"ann","sub":"bob")", R"("aud":"other","aud":"larder")",
          R"("roles":[],"r\u006fles":["admin"])", R"("a":{"b":1,"b":2})"}) {
        BOOST_TEST(is_refused(members, Refusal::malformed), members);
    }
}

BOOST_AUTO_TEST_CASE(what_is_no_object_is_malformed) {
    for (const std::string text :
         {"", "[]", "null", "{", "{}x", "\"a\"", "{\"sub\":\"\xFF\"}", "\xEF\xBB\xBF{}"}) {
        const auto verdict = judge_claims(text, rules, now);
        BOOST_TEST((!verdict && verdict.error() == Refusal::malformed), text);
    }
    std::string deep;
    for (int i = 0; i < 5000; ++i) deep += '[';
    BOOST_TEST((judge_claims(deep, rules, now).error() == Refusal::malformed));
}

BOOST_AUTO_TEST_SUITE_END()
