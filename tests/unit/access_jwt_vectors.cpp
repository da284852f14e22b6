// The vectors of RFC 7515 (appendices A.2 and A.3) and of RFC 8037 (appendix A.4).
#include <boost/test/unit_test.hpp>

#include <string>

#include "access/jwt.hpp"
#include "base64url.hpp"

using namespace larder;
using namespace larder::access;

namespace {

struct Vector {
    std::string key;
    std::string token;
    Algorithm algorithm;
};

const std::string claims =
    "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVl"
    "fQ";

const Vector rs256 = {
    .key =
        R"({"kty":"RSA","n":")"
        "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt"
        "0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSX"
        "ndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5"
        "IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ"
        R"(","e":"AQAB"})",
    .token =
        "eyJhbGciOiJSUzI1NiJ9." + claims +
        ".cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_"
        "O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARN"
        "PvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1p"
        "hCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw",
    .algorithm = Algorithm::rs256};

const Vector es256 = {
    .key = R"({"kty":"EC","crv":"P-256","x":"f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU",)"
           R"("y":"x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0"})",
    .token =
        "eyJhbGciOiJFUzI1NiJ9." + claims +
        ".DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1"
        "Q",
    .algorithm = Algorithm::es256};

const Vector eddsa = {
    .key = R"({"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"})",
    .token =
        "eyJhbGciOiJFZERTQSJ9.RXhhbXBsZSBvZiBFZDI1NTE5IHNpZ25pbmc.hgyY0il_MGCjP0JzlnLWG1PPOt7-"
        "09PGcvMg3AIbQR6dWbhijcNR4ki4iylGjg5BhVsPt9g7sVvpAr_MuM0KAg",
    .algorithm = Algorithm::eddsa};

KeySet keys_of(const Vector& vector) {
    auto keys = KeySet::parse(R"({"keys":[)" + vector.key + "]}");
    BOOST_REQUIRE(keys.has_value());
    return std::move(*keys);
}

/// What the signature alone says.
bool holds(const Vector& vector, std::string token) {
    const auto keys = keys_of(vector);
    const auto dot = token.rfind('.');
    const auto signature = from_base64url(std::string_view(token).substr(dot + 1));
    return signature && keys.keys().front().key.verify(
                            vector.algorithm, std::string_view(token).substr(0, dot), *signature);
}

}  // namespace

BOOST_AUTO_TEST_SUITE(access_jwt_vectors)

BOOST_AUTO_TEST_CASE(the_signatures_of_the_standards_hold) {
    for (const Vector& vector : {rs256, es256, eddsa}) {
        BOOST_TEST(holds(vector, vector.token));
        std::string other = vector.token;
        other[other.find('.') + 3] ^= 1;
        BOOST_TEST(!holds(vector, other));
    }
}

// Their claims have no audience, and those of RFC 8037 are no JSON.
BOOST_AUTO_TEST_CASE(tokens_of_the_standards_are_refused_for_their_claims) {
    const JwtRules rules{.issuer = "joe", .audience = "larder"};
    for (const Vector& vector : {rs256, es256}) {
        BOOST_TEST((judge_jwt(vector.token, keys_of(vector), rules, 1300819379).error() ==
                    Refusal::audience));
    }
    BOOST_TEST((judge_jwt(eddsa.token, keys_of(eddsa), rules, 0).error() == Refusal::malformed));
}

BOOST_AUTO_TEST_CASE(a_key_of_one_vector_verifies_no_other) {
    for (const Vector& key : {rs256, es256, eddsa}) {
        for (const Vector& other : {rs256, es256, eddsa}) {
            if (&key == &other || key.algorithm == other.algorithm) continue;
            BOOST_TEST((judge_jwt(other.token, keys_of(key), {}, 0).error() == Refusal::key));
        }
    }
}

BOOST_AUTO_TEST_SUITE_END()
