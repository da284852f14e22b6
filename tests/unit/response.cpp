#include "http/response.hpp"

#include <boost/test/unit_test.hpp>

#include "json/document.hpp"

using namespace larder;
using namespace larder::http;

BOOST_AUTO_TEST_SUITE(response)

BOOST_AUTO_TEST_CASE(every_kind_of_error_has_its_status) {
    const std::pair<ErrorKind, int> kinds[] = {
        {ErrorKind::bad_request, 400},        {ErrorKind::not_found, 404},
        {ErrorKind::method_not_allowed, 405}, {ErrorKind::not_acceptable, 406},
        {ErrorKind::conflict, 409},           {ErrorKind::precondition_failed, 412},
        {ErrorKind::too_large, 413},          {ErrorKind::unsupported_media_type, 415},
        {ErrorKind::unprocessable, 422},      {ErrorKind::unavailable, 503},
        {ErrorKind::internal, 500},
    };
    for (const auto& [kind, status] : kinds) {
        const Response answer = problem({.kind = kind, .detail = "why"});
        BOOST_TEST(answer.status == status);
        BOOST_TEST(answer.content_type == "application/problem+json");
        BOOST_TEST(answer.body ==
                   "{\"type\":\"about:blank\",\"title\":\"" + std::string(reason(status)) +
                       "\",\"status\":" + std::to_string(status) + ",\"detail\":\"why\"}");
    }
}

BOOST_AUTO_TEST_CASE(refused_fields_are_listed) {
    const Response answer = problem({.kind = ErrorKind::unprocessable,
                                     .detail = "no",
                                     .fields = {{"/a~1b", "one"}, {"/\"", "two"}}});
    BOOST_TEST(answer.body ==
               R"({"type":"about:blank","title":"Unprocessable Content","status":422,)"
               R"("detail":"no","errors":[{"pointer":"/a~1b","detail":"one"},)"
               R"({"pointer":"/\"","detail":"two"}]})");
}

BOOST_AUTO_TEST_CASE(text_of_the_client_cannot_break_the_body) {
    const Response answer =
        problem({.kind = ErrorKind::not_found, .detail = "id '\"}\\\n{}' {not} found"});
    const auto body = json::parse(answer.body);
    BOOST_REQUIRE(body);
    BOOST_TEST(body->find("detail")->text == "id '\"}\\\n{}' {not} found");
}

BOOST_AUTO_TEST_CASE(only_an_outage_may_be_tried_again) {
    BOOST_TEST(problem({.kind = ErrorKind::unavailable}).headers == "Retry-After: 1\r\n");
    BOOST_TEST(problem({.kind = ErrorKind::internal}).headers.empty());
    BOOST_TEST(problem({.kind = ErrorKind::conflict}).headers.empty());
}

BOOST_AUTO_TEST_CASE(headers_of_the_error_are_kept_and_its_log_is_not) {
    const Response answer = problem({.kind = ErrorKind::method_not_allowed,
                                     .detail = "no",
                                     .log = "secret",
                                     .headers = "Allow: GET\r\n"});
    BOOST_TEST(answer.headers == "Allow: GET\r\n");
    BOOST_TEST(answer.body.find("secret") == std::string::npos);
}

BOOST_AUTO_TEST_CASE(headers_are_whole_lines) {
    Response answer;
    BOOST_TEST(answer.status == 200);
    BOOST_TEST(answer.content_type == "application/json");
    add_header(answer, "ETag", "\"1\"");
    add_header(answer, "X-Cache", "HIT");
    BOOST_TEST(answer.headers == "ETag: \"1\"\r\nX-Cache: HIT\r\n");
}

BOOST_AUTO_TEST_CASE(a_status_has_its_phrase) {
    const std::pair<int, std::string_view> phrases[] = {{200, "OK"},
                                                        {201, "Created"},
                                                        {204, "No Content"},
                                                        {304, "Not Modified"},
                                                        {400, "Bad Request"},
                                                        {403, "Forbidden"},
                                                        {404, "Not Found"},
                                                        {405, "Method Not Allowed"},
                                                        {409, "Conflict"},
                                                        {412, "Precondition Failed"},
                                                        {413, "Content Too Large"},
                                                        {415, "Unsupported Media Type"},
                                                        {421, "Misdirected Request"},
                                                        {422, "Unprocessable Content"},
                                                        {500, "Internal Server Error"},
                                                        {503, "Service Unavailable"}};
    for (const auto& [status, phrase] : phrases) BOOST_TEST(reason(status) == phrase);
}

BOOST_AUTO_TEST_SUITE_END()
