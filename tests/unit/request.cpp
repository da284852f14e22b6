#include "http/request.hpp"

#include <boost/test/unit_test.hpp>

using namespace larder::http;

BOOST_AUTO_TEST_SUITE(request)

BOOST_AUTO_TEST_CASE(methods_are_known_by_their_exact_name) {
    BOOST_TEST((method_from("GET") == Method::get));
    BOOST_TEST((method_from("HEAD") == Method::head));
    BOOST_TEST((method_from("OPTIONS") == Method::options));
    BOOST_TEST((method_from("POST") == Method::post));
    BOOST_TEST((method_from("PUT") == Method::put));
    BOOST_TEST((method_from("PATCH") == Method::patch));
    BOOST_TEST((method_from("DELETE") == Method::remove));
    for (const auto* name : {"", "get", "Get", "GETS", "GE", "TRACE", "CONNECT", "PROPFIND"}) {
        BOOST_TEST((method_from(name) == Method::other));
    }
}

BOOST_AUTO_TEST_CASE(reads_are_told_from_writes) {
    Request request;
    for (const Method method : {Method::get, Method::head, Method::options}) {
        request.method = method;
        BOOST_TEST(request.is_read());
    }
    for (const Method method :
         {Method::post, Method::put, Method::patch, Method::remove, Method::other}) {
        request.method = method;
        BOOST_TEST(!request.is_read());
    }
}

BOOST_AUTO_TEST_CASE(a_method_has_the_name_that_it_came_under) {
    for (const auto* name : {"GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"}) {
        BOOST_TEST(name_of(method_from(name)) == name);
    }
    for (const auto* name : {"get", "TRACE", "", "GET "}) {
        BOOST_TEST(name_of(method_from(name)) == "other");
    }
}

BOOST_AUTO_TEST_CASE(case_and_parameters_of_a_media_type_do_not_matter) {
    for (const auto* type :
         {"application/json", "Application/JSON", "application/json;charset=utf-8",
          "application/json ; charset=\"latin-1\"", " \tapplication/json\t ", "application/json;",
          "APPLICATION/JSON;a=b;c=d"}) {
        BOOST_TEST_CONTEXT(type) { BOOST_TEST(is_media_type(type, "application/json")); }
    }
}

BOOST_AUTO_TEST_CASE(other_media_types_are_told_apart) {
    for (const auto* type :
         {"", " ", ";", "text/plain", "application/jsonp", "application/json-seq",
          "application/jso", "application/problem+json", "application/merge-patch+json",
          "application / json", "text/plain; application/json", "application/json, text/plain",
          "application/x-www-form-urlencoded", "json", "*/*"}) {
        BOOST_TEST_CONTEXT(type) { BOOST_TEST(!is_media_type(type, "application/json")); }
    }
    BOOST_TEST(is_media_type("Application/Merge-Patch+JSON; x=1", "application/merge-patch+json"));
}

BOOST_AUTO_TEST_SUITE_END()
