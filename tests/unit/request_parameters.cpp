#include "server/request_parameters.hpp"

#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

using namespace larder;

namespace {

http::Request request_of(
    const std::vector<std::pair<std::string_view, std::string_view>>& parameters) {
    http::Request request;
    for (const auto& [name, value] : parameters) take_parameter(request, name, value);
    return request;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(request_parameters)

BOOST_AUTO_TEST_CASE(each_has_its_place) {
    const auto request = request_of({{"REQUEST_METHOD", "PATCH"},
                                     {"REQUEST_URI", "/items?x"},
                                     {"CONTENT_LENGTH", "12"},
                                     {"HTTP_IF_MATCH", ""},
                                     {"HTTP_X_OTHER", "1"}});
    BOOST_TEST((request.method == http::Method::patch));
    BOOST_TEST(request.target == "/items?x");
    BOOST_TEST(request.content_length == 12U);
    BOOST_TEST((request.if_match == std::string_view()));
    BOOST_TEST(!request.if_none_match.has_value());
}

BOOST_AUTO_TEST_CASE(a_field_that_comes_twice_is_not_taken_for_less) {
    using Lines = std::vector<std::pair<std::string_view, std::string_view>>;
    const auto coding = [](std::string_view first, std::string_view second) {
        return std::string(
            request_of(Lines{{"HTTP_CONTENT_ENCODING", first}, {"HTTP_CONTENT_ENCODING", second}})
                .content_encoding);
    };
    BOOST_TEST(coding("gzip", "identity") == "gzip");
    BOOST_TEST(coding("identity", "gzip") == "gzip");
    BOOST_TEST(coding("identity", "identity") == "identity");
    const auto key = request_of({{"HTTP_IDEMPOTENCY_KEY", "a"}, {"HTTP_IDEMPOTENCY_KEY", "b"}});
    BOOST_TEST((key.idempotency_key == std::string_view()));
}

BOOST_AUTO_TEST_SUITE_END()
