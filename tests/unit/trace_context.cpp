#include "http/trace_context.hpp"

#include <boost/test/unit_test.hpp>

#include <string>

#include "api/request_scope.hpp"

using namespace larder;
using http::parse_traceparent;

namespace {

const std::string trace = "0af7651916cd43dd8448eb211c80319c";
const std::string span = "b7ad6b7169203331";
const std::string header = "00-" + trace + '-' + span + "-01";

}  // namespace

BOOST_AUTO_TEST_SUITE(trace_context)

BOOST_AUTO_TEST_CASE(a_header_has_a_trace_and_a_span) {
    const auto context = parse_traceparent(header);
    BOOST_REQUIRE(context);
    BOOST_TEST(context->trace_id == trace);
    BOOST_TEST(context->parent_id == span);
}

BOOST_AUTO_TEST_CASE(a_later_version_may_say_more) {
    BOOST_TEST(parse_traceparent("cc-" + trace + '-' + span + "-01").has_value());
    BOOST_TEST(
        parse_traceparent("cc-" + trace + '-' + span + "-01-what-the-future-brings").has_value());
    BOOST_TEST(!parse_traceparent("cc-" + trace + '-' + span + "-01.what").has_value());
}

BOOST_AUTO_TEST_CASE(what_is_not_well_formed_is_no_trace) {
    const std::string zeros(32, '0');
    for (const auto& wrong :
         {std::string(), std::string("00"), header.substr(0, 54), header + "-01", header + ' ',
          "ff-" + trace + '-' + span + "-01", "0g-" + trace + '-' + span + "-01",
          "00-" + zeros + '-' + span + "-01", "00-" + trace + '-' + zeros.substr(16) + "-01",
          "00_" + trace + '-' + span + "-01", "00-" + trace + '_' + span + "-01",
          "00-" + trace + '-' + span + "_01", "00-" + trace + '-' + span + "-0x",
          "00-0AF7651916CD43DD8448EB211C80319C-" + span + "-01",
          "00-0af7651916cd43dd8448eb211c80319'-" + span + "-01",
          "00-" + trace + "-b7ad6b716920333\n-01"}) {
        BOOST_TEST_CONTEXT(wrong) { BOOST_TEST(!parse_traceparent(wrong).has_value()); }
    }
}

BOOST_AUTO_TEST_CASE(the_application_name_fits_what_postgresql_keeps) {
    constexpr std::size_t kept = 63;
    const std::string id(32, 'f');
    http::Request request;
    request.id = id;
    BOOST_TEST(application_name(request) == "larder-worker/" + id);
    request.traceparent = "nonsense'; DROP TABLE";
    BOOST_TEST(application_name(request) == "larder-worker/" + id);
    request.traceparent = header;
    BOOST_TEST(application_name(request) == "larder-worker/" + trace + '/' + span);
    BOOST_TEST(application_name(request).size() == kept);
}

BOOST_AUTO_TEST_SUITE_END()
