#include "http/origin.hpp"

#include <boost/test/unit_test.hpp>

#include <string_view>

using namespace larder::http;

BOOST_AUTO_TEST_SUITE(origin)

BOOST_AUTO_TEST_CASE(the_servers_own_origin_has_the_host_and_port_of_host) {
    const std::pair<std::string_view, std::string_view> own[] = {
        {"http://127.0.0.1:8080", "127.0.0.1:8080"},
        {"https://larder.example", "larder.example"},
        {"http://larder.example", "larder.example:80"},
        {"https://larder.example", "larder.example:443"},
        {"https://LARDER.example:443", "larder.Example"},
        {"http://[::1]:8080", "[::1]:8080"},
        {"https://[::1]", "[::1]:443"},
    };
    for (const auto& [text, host] : own) {
        BOOST_TEST_CONTEXT(text << " for " << host) { BOOST_TEST(is_own_origin(text, host)); }
    }
}

BOOST_AUTO_TEST_CASE(every_other_origin_is_foreign) {
    const std::pair<std::string_view, std::string_view> foreign[] = {
        {"http://127.0.0.1:3000", "127.0.0.1:8080"},
        {"http://localhost:8080", "127.0.0.1:8080"},
        {"http://127.0.0.1", "127.0.0.1:8080"},
        {"https://larder.example.evil", "larder.example"},
        {"https://evil.larder.example", "larder.example"},
        {"http://larder.example/", "larder.example"},
        {"http://larder.example@evil", "larder.example"},
        {"chrome-extension://larder.example", "larder.example"},
        {"null", "null"},
        {"", "larder.example"},
        {"larder.example", "larder.example"},
        {"http://", ""},
        {"http://larder.example", ""},
        {"http://larder.example, http://evil", "larder.example"},
    };
    for (const auto& [text, host] : foreign) {
        BOOST_TEST_CONTEXT(text << " for " << host) { BOOST_TEST(!is_own_origin(text, host)); }
    }
}

namespace {

Request write_of(std::string_view from, std::string_view site) {
    Request request;
    request.origin = from;
    request.sec_fetch_site = site;
    request.host = "h";
    return request;
}

}  // namespace

BOOST_AUTO_TEST_CASE(a_write_of_a_foreign_page_is_refused) {
    BOOST_TEST(check_origin(write_of("", "")).has_value());
    BOOST_TEST(check_origin(write_of("http://h", "same-origin")).has_value());
    BOOST_TEST(check_origin(write_of("", "same-site")).has_value());
    BOOST_TEST(check_origin(write_of("", "none")).has_value());
    for (const auto& [from, site] :
         {std::pair{"http://evil", ""}, std::pair{"null", ""}, std::pair{"", "cross-site"},
          std::pair{"", "Cross-Site"}, std::pair{"http://h", "cross-site"}}) {
        auto request = write_of(from, site);
        const auto checked = check_origin(request);
        BOOST_REQUIRE(!checked.has_value());
        BOOST_TEST((checked.error().kind == larder::ErrorKind::forbidden));
        request.is_origin_allowed = true;
        BOOST_TEST(check_origin(request).has_value());
    }
}

BOOST_AUTO_TEST_SUITE_END()
