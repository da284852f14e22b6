// Which form of a list an Accept header chooses, and what stands around its records.
#include "api/list_form.hpp"

#include <boost/test/unit_test.hpp>

#include <array>
#include <string>
#include <string_view>

#include "http/negotiation.hpp"
#include "query/parse.hpp"

using namespace larder;
using query::Form;

namespace {

constexpr std::array<std::string_view, 3> types = {"application/json", "text/csv",
                                                   "application/x-ndjson"};

const Resource boats{
    .name = "boats",
    .title = "Boat",
    .fields = {{.name = "name", .type = Text{}}, {.name = "sails", .type = Integer{}}}};
const Resource documents{
    .name = "things", .title = "Thing", .envelope = {.record = "thing", .list = "things"}};

/// The number of the type that is preferred, or -1.
int chosen(std::string_view accept) {
    const auto found = http::preferred(accept, types);
    return found ? static_cast<int>(*found) : -1;
}

Form form(const Resource& resource, std::string_view accept) {
    const auto found = list_form(resource, accept);
    BOOST_REQUIRE(found);
    return *found;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(list_forms)

BOOST_AUTO_TEST_CASE(the_highest_weight_wins) {
    BOOST_TEST(chosen("text/csv") == 1);
    BOOST_TEST(chosen("application/x-ndjson") == 2);
    BOOST_TEST(chosen("TEXT/CSV ; charset=utf-8") == 1);
    BOOST_TEST(chosen("text/csv;q=0.5, application/x-ndjson;q=0.6") == 2);
    BOOST_TEST(chosen("text/csv;q=0.501,application/x-ndjson; q=0.5") == 1);
    BOOST_TEST(chosen("text/csv;q=0.2, application/json ; Q=1.000") == 0);
    BOOST_TEST(chosen("text/csv, application/json") == 0);
    BOOST_TEST(chosen("application/x-ndjson, text/csv") == 1);
}

BOOST_AUTO_TEST_CASE(the_most_specific_range_gives_the_weight) {
    BOOST_TEST(chosen("*/*") == 0);
    BOOST_TEST(chosen("text/*") == 1);
    BOOST_TEST(chosen("application/*") == 0);
    BOOST_TEST(chosen("application/json;q=0.1, */*") == 1);
    BOOST_TEST(chosen("text/*;q=0.9, text/csv;q=0.1, */*;q=0.5") == 0);
    BOOST_TEST(chosen("*/*, text/csv") == 1);
    BOOST_TEST(chosen("text/csv, */*;q=0.1") == 1);
    BOOST_TEST(chosen("application/*, application/x-ndjson") == 2);
}

BOOST_AUTO_TEST_CASE(weight_0_is_not_taken) {
    BOOST_TEST(chosen("text/csv;q=0") == -1);
    BOOST_TEST(chosen("application/json;q=0, text/csv;q=0.000, */*") == 2);
    BOOST_TEST(chosen("text/html, image/png") == -1);
    BOOST_TEST(chosen("") == -1);
}

BOOST_AUTO_TEST_CASE(what_is_malformed_is_left_out) {
    for (const auto* weight : {"", "2", "1.001", "0.1234", "-1", "x", ".5"}) {
        BOOST_TEST_CONTEXT(weight) {
            BOOST_TEST(chosen("text/csv;q=" + std::string(weight)) == -1);
        }
    }
    BOOST_TEST(chosen("text/csv;q=1.") == 1);
    BOOST_TEST(chosen(",,;,/,text,text/,text/csv") == 1);
    // A comma or a semicolon in quotes ends nothing.
    BOOST_TEST(chosen(R"(text/csv;a="x,application/json;q=1\",\";q=0";q=0.5)") == 1);
    BOOST_TEST(chosen(R"(text/csv;a="x)") == 1);
}

BOOST_AUTO_TEST_CASE(json_is_for_all_who_name_nothing_that_there_is) {
    for (const auto* accept : {"", "*/*", "text/html", "text/csv;q=0", "application/json"}) {
        BOOST_TEST((form(boats, accept) == Form::json));
        BOOST_TEST((form(documents, accept) == Form::json));
    }
    BOOST_TEST((form(boats, "text/csv") == Form::csv));
    BOOST_TEST((form(documents, "application/x-ndjson, text/csv") == Form::ndjson));
}

BOOST_AUTO_TEST_CASE(what_has_no_columns_is_no_csv) {
    BOOST_TEST((form(documents, "text/csv, */*;q=0.1") == Form::json));
    BOOST_TEST((form(documents, "text/csv, application/x-ndjson;q=0.1") == Form::ndjson));
    const auto refused = list_form(documents, "text/csv, text/html");
    BOOST_REQUIRE(!refused);
    BOOST_TEST((refused.error().kind == ErrorKind::not_acceptable));
    BOOST_TEST(refused.error().detail.contains("/things"));
}

BOOST_AUTO_TEST_CASE(frames) {
    const auto framed = [](const Resource& resource, std::string_view parameters, Form form) {
        const auto query = query::parse(resource, resource.lists[0], parameters, form);
        BOOST_REQUIRE(query);
        const ListFrame frame = list_frame(resource, *query, true);
        std::string body = frame.begin;
        append_record(body, form, "{\n1\r}");
        body.append(frame.after_each).append(frame.between);
        append_record(body, form, "2");
        return body.append(frame.after_each).append(frame.end);
    };
    BOOST_TEST(framed(boats, "", Form::json) == "[{\n1\r},2]");
    BOOST_TEST(framed(documents, "", Form::json) == "{\"cached\":true,\"things\":[{\n1\r},2]}");
    BOOST_TEST(framed(boats, "", Form::csv) == "id,name,sails\r\n{\n1\r}\r\n2\r\n");
    BOOST_TEST(framed(boats, "fields=sails", Form::csv) == "id,sails\r\n{\n1\r}\r\n2\r\n");
    BOOST_TEST(framed(boats, "fields=id", Form::csv) == "id\r\n{\n1\r}\r\n2\r\n");
    BOOST_TEST(framed(documents, "", Form::ndjson) == "{ 1 }\n2\n");
}

BOOST_AUTO_TEST_CASE(a_page_is_for_json) {
    Resource paged = boats;
    paged.page = {.usual = 10, .most = 20};
    const List& list = paged.lists[0];
    BOOST_TEST(query::bare(paged, list).limit == 10);
    BOOST_TEST(query::bare(paged, list, Form::csv).limit == 0);
    const auto limited = query::parse(paged, list, "limit=3", Form::ndjson);
    BOOST_REQUIRE(limited);
    BOOST_TEST(limited->limit == 3);
    BOOST_TEST(!query::parse(paged, list, "limit=21", Form::csv));
}

BOOST_AUTO_TEST_SUITE_END()
