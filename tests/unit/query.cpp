// The language of queries: what is taken, what is refused and why, and one text for each query.
#include "query/parse.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>
#include <map>
#include <string>
#include <vector>

#include "query/operators.hpp"
#include "query/text.hpp"

using namespace larder;
using query::Comparison;
using query::Query;

namespace {

const Resource invoices{
    .name = "invoices",
    .title = "Invoice",
    .fields =
        {{.name = "number",
          .type = Text{.shortest = 1, .longest = 20},
          .filter = true,
          .sort = true},
         {.name = "customer",
          .type = Reference{.to = "customers", .id = IdType::uuid},
          .filter = true},
         {.name = "state", .type = Enum{{"draft", "sent", "paid"}}, .filter = true},
         {.name = "issued", .type = Date{}, .filter = true, .sort = true},
         {.name = "total", .type = Decimal{.least = "0", .scale = 2}, .filter = true, .sort = true},
         {.name = "lines", .type = Integer{.least = 0, .most = 99}, .filter = true},
         {.name = "rate", .type = Float{}, .filter = true},
         {.name = "open", .type = Boolean{}, .filter = true},
         {.name = "paid_at", .type = Timestamp{}, .required = false, .filter = true, .sort = true},
         {.name = "due", .type = DateTime{}, .filter = true},
         {.name = "token", .type = Uuid{}, .filter = true},
         {.name = "note", .type = Text{}, .required = false, .search = true},
         {.name = "extra", .type = Json{}, .required = false}},
    .lists = {{}, {.path = "late", .where = "true", .order = {"-total", "issued"}}},
    .page = {.usual = 100, .most = 1000}};
const Resource documents{.name = "items", .title = "Item", .id = IdType::uuid};

constexpr std::string_view uuid = "550e8400-e29b-41d4-a716-446655440000";

Query taken(std::string_view text, const List& list = invoices.lists[0]) {
    auto query = query::parse(invoices, list, text);
    if (query) return std::move(*query);
    for (const FieldError& error : query.error()) {
        BOOST_ERROR(text << ": " << error.parameter.value_or("") << ' ' << error.detail);
    }
    return {};
}

/// The parameters that are refused, with the reasons.
std::map<std::string, std::string> refused(std::string_view text,
                                           const Resource& resource = invoices,
                                           std::size_t list = 0) {
    std::map<std::string, std::string> found;
    const auto query = query::parse(resource, resource.lists[list], text);
    BOOST_TEST_CONTEXT(text) { BOOST_TEST(!query.has_value()); }
    if (query) return found;
    for (const FieldError& error : query.error()) {
        BOOST_TEST(error.pointer.empty());
        BOOST_TEST(found.emplace(error.parameter.value_or(""), error.detail).second);
    }
    return found;
}

void expect_refused(std::string_view text, std::string_view parameter, std::string_view reason) {
    const auto found = refused(text);
    BOOST_TEST_CONTEXT(text) {
        BOOST_REQUIRE(found.size() == 1U);
        BOOST_TEST(found.begin()->first == parameter);
        BOOST_TEST(found.begin()->second.contains(reason), found.begin()->second);
    }
}

std::string value_of(std::string_view text) {
    const Query query = taken(text);
    BOOST_REQUIRE(query.filters.size() == 1U);
    BOOST_REQUIRE(query.filters.front().values.size() == 1U);
    return query.filters.front().values.front();
}

}  // namespace

BOOST_AUTO_TEST_SUITE(queries)

BOOST_AUTO_TEST_CASE(all_of_a_query_is_taken) {
    const Query query = taken(
        "state=sent&state=draft&total.gte=100.00&issued.lt=2026-11-01&sort=-issued,number"
        "&fields=number,total&limit=50&count=exact&q=a+b%26c");
    BOOST_REQUIRE(query.filters.size() == 3U);
    BOOST_TEST(query.filters[0].field == &invoices.fields[2]);
    BOOST_TEST((query.filters[0].comparison == Comparison::equal));
    BOOST_TEST((query.filters[0].values == std::vector<std::string>{"sent", "draft"}));
    BOOST_TEST(query.filters[1].field == &invoices.fields[3]);
    BOOST_TEST((query.filters[1].comparison == Comparison::less));
    BOOST_TEST(query.filters[2].values.front() == "100.00");
    BOOST_TEST(query.words == "a b&c");
    const std::vector<query::SortKey> order = {
        {.field = &invoices.fields[3], .is_falling = true}, {.field = &invoices.fields[0]}, {}};
    BOOST_TEST((query.order == order));
    BOOST_TEST((query.members == std::vector<std::string>{"number", "total"}));
    BOOST_TEST(query.limit == 50);
    BOOST_TEST(query.is_counted);
    BOOST_TEST(!query.is_simple());
}

BOOST_AUTO_TEST_CASE(a_list_by_itself) {
    const Query main = query::bare(invoices, invoices.lists[0]);
    BOOST_TEST((main.order == std::vector<query::SortKey>{{}}));
    BOOST_TEST(main.limit == 100);
    BOOST_TEST(main.is_simple());
    BOOST_TEST(taken("").key.empty());
    BOOST_TEST(taken("limit=").limit == 100);
    const Query late = query::bare(invoices, invoices.lists[1]);
    const std::vector<query::SortKey> order = {
        {.field = &invoices.fields[4], .is_falling = true}, {.field = &invoices.fields[3]}, {}};
    BOOST_TEST((late.order == order));
    BOOST_TEST(query::bare(documents, documents.lists[0]).limit == 0);
}

BOOST_AUTO_TEST_CASE(each_comparison_has_its_name) {
    for (const auto& one : query::operators()) {
        const bool is_of_text = one.comparison == Comparison::prefix;
        const bool is_null = one.comparison == Comparison::null;
        const Query query = taken(std::string(is_of_text ? "number" : "paid_at")
                                      .append(one.suffix)
                                      .append(is_of_text ? "=Al"
                                              : is_null  ? "=true"
                                                         : "=2026-11-28T09:30:00Z"));
        BOOST_REQUIRE(query.filters.size() == 1U);
        BOOST_TEST((query.filters.front().comparison == one.comparison));
    }
    BOOST_TEST(taken("id=7&id=8&id.gt=3").filters.size() == 2U);
}

BOOST_AUTO_TEST_CASE(values_are_those_of_their_types) {
    BOOST_TEST(value_of("total=1e3") == "1e3");
    BOOST_TEST(value_of("total.gt=-1") == "-1");  // outside of what a body may have
    BOOST_TEST(value_of("lines=1.50e2") == "150");
    BOOST_TEST(value_of("rate=0.25") == "0.25");
    BOOST_TEST(value_of("open=false") == "false");
    BOOST_TEST(value_of("paid_at=2026-11-28T10:30:00.250%2B01:00") == "2026-11-28T09:30:00.25Z");
    BOOST_TEST(value_of("due=2026-11-28T10:30:00") == "2026-11-28T10:30:00");
    BOOST_TEST(value_of("token=550E8400-E29B-41D4-A716-446655440000") == uuid);
    BOOST_TEST(value_of("customer=" + std::string(uuid)) == uuid);
    BOOST_TEST(value_of("number=") == "");
    BOOST_TEST(value_of("number=%F0%9F%98%80+x") == "\xF0\x9F\x98\x80 x");
    BOOST_TEST(value_of("id=-5") == "-5");
    const std::pair<const char*, const char*> wrong[] = {
        {"total=abc", "total"},
        {"total=", "total"},
        {"total=1,2", "total"},
        {"total=1%7D", "total"},
        {"total=0x10", "total"},
        {"total=+1", "total"},
        {"total=NaN", "total"},
        {"total=1e1001", "total"},
        {"lines=1.5", "lines"},
        {"lines=9223372036854775808", "lines"},
        {"rate=1e309", "rate"},
        {"open=yes", "open"},
        {"issued=2026-02-30", "issued"},
        {"issued.gt=2026", "issued.gt"},
        {"paid_at=2026-11-28T10:30:00+01:00", "paid_at"},  // `+` is a space
        {"due=2026-11-28T10:30:00Z", "due"},
        {"token=1", "token"},
        {"customer=1", "customer"},
        {"state=lost", "state"},
        {"state.gt=lost", "state.gt"},
        {"id=abc", "id"},
        {"id=1.5", "id"},
        {"paid_at.null=1", "paid_at.null"},
        {"number=%00", "number"},
        {"number=%FF", "number"},
        {"number=%4", "number"},
    };
    for (const auto& [text, parameter] : wrong) expect_refused(text, parameter, "");
    BOOST_TEST(value_of("number=" + std::string(1000, 'x')).size() == 1000U);
    expect_refused("number=" + std::string(1001, 'x'), "number", "1000");
}

BOOST_AUTO_TEST_CASE(a_refusal_says_what_would_be_right) {
    expect_refused("totl=1", "totl", "'total'");
    expect_refused("total.gtee=1", "total.gtee", "'total.gte'");
    expect_refused("total.=1", "total.", "not a known parameter");
    expect_refused("srt=issued", "srt", "'sort'");
    expect_refused("note=x", "note", "filter = true");
    expect_refused("extra.null=true", "extra.null", "filter = true");
    expect_refused("total.prefix=1", "total.prefix", "text only");
    expect_refused("id.null=true", "id.null", "optional");
    expect_refused("issued.null=true", "issued.null", "never null");
    expect_refused("sort=isued", "sort", "`issued`");
    expect_refused("sort=state", "sort", "sort = true");
    expect_refused("sort=", "sort", "");
    expect_refused("sort=--issued", "sort", "");
    expect_refused("sort=issued,", "sort", "");
    expect_refused("sort=issued,-issued", "sort", "twice");
    expect_refused("sort=id,issued", "sort", "after `id`");
    expect_refused("fields=numbr", "fields", "`number`");
    expect_refused("fields=", "fields", "commas");
    expect_refused("fields=number,number", "fields", "twice");
    expect_refused("count=yes", "count", "exact");
    expect_refused("limit=1001", "limit", "1000");
    expect_refused("limit=0", "limit", "1");
    expect_refused("q=", "q", "word");
    expect_refused("after=abc", "after", "link");
    expect_refused("after=", "after", "link");
}

BOOST_AUTO_TEST_CASE(only_equality_may_come_more_than_once) {
    for (const auto* name : {"total.gte=1", "number.prefix=a", "state.ne=paid", "limit=1",
                             "sort=id", "q=a", "fields=id", "count=exact", "after=x"}) {
        const std::string one = name;
        expect_refused(one + '&' + one, one.substr(0, one.find('=')), "more than once");
    }
    BOOST_TEST(taken("state=paid&state=paid").filters.front().values.size() == 1U);
}

BOOST_AUTO_TEST_CASE(all_mistakes_are_named_at_once) {
    const auto found = refused("totl=1&total=x&limit=0&sort=a&after=x&%FF=1&totl=2");
    BOOST_TEST(found.size() == 5U);
    for (const auto* name : {"totl", "total", "limit", "sort", "%FF"}) {
        BOOST_TEST(found.contains(name), name);
    }
}

BOOST_AUTO_TEST_CASE(named_lists_take_what_does_not_change_them) {
    taken("limit=1&fields=id&count=exact", invoices.lists[1]);
    for (const auto* text : {"state=paid", "sort=issued", "q=a", "id=1"}) {
        BOOST_TEST(refused(text, invoices, 1).size() == 1U);
    }
}

BOOST_AUTO_TEST_CASE(documents_have_members_of_any_name) {
    const auto query = query::parse(documents, documents.lists[0], "fields=a,b%20c");
    BOOST_REQUIRE(query);
    BOOST_TEST((query->members == std::vector<std::string>{"a", "b c"}));
    BOOST_TEST(refused("a=1", documents).size() == 1U);
    BOOST_TEST(refused("sort=a", documents).size() == 1U);
    BOOST_TEST(refused("q=a", documents).size() == 1U);
}

BOOST_AUTO_TEST_CASE(everything_has_a_bound) {
    std::string values;
    for (int i = 0; i < 100; ++i) values += "id=" + std::to_string(i) + '&';
    BOOST_TEST(taken(values.substr(0, values.size() - 1)).filters.front().values.size() == 100U);
    expect_refused(values + "id=100", "id", "100 values");
    std::string filters;
    for (const auto* name : {"id", "lines", "total", "issued"}) {
        for (const auto* suffix : {"", ".ne", ".gt", ".gte", ".lt", ".lte"}) {
            filters += std::string(name) + suffix +
                       (std::string_view(name) == "issued" ? "=2026-11-28&" : "=1&");
        }
    }
    BOOST_TEST(refused(filters + "count=exact").size() == 4U);
    std::string unknown;
    for (int i = 0; i < 2000; ++i) unknown += 'x' + std::to_string(i) + "=1&";
    BOOST_TEST(refused(unknown).size() <= 50U);
}

BOOST_AUTO_TEST_CASE(equal_queries_have_one_text) {
    const std::string text =
        "state=sent&state=draft&issued.lt=2026-11-01&total.gte=1.0&q=a%20b&sort=-issued,number"
        "&fields=number&limit=50&count=exact";
    for (const std::string& spelling :
         {text,
          std::string("count=exact&limit=050&fields=number&sort=-issued%2cnumber,id&q=a+b&"
                      "total.gte=1.0&issued.lt=2026-11-01&state=sent&&state=draft&state=sent")}) {
        BOOST_TEST(taken(spelling).text == text);
        BOOST_TEST(taken(spelling).key == text);
    }
    BOOST_TEST(taken("number=%26%3D%3E%22%C3%A9").text == "number=%26%3D%3E%22%C3%A9");
    BOOST_TEST(taken("sort=-id").text == "sort=-id");
    BOOST_TEST(taken("sort=id").text == "sort=id");
    BOOST_TEST(taken("sort=number,-id").text == "sort=number,-id");
}

BOOST_AUTO_TEST_CASE(a_spelling_that_has_many_others_is_not_kept) {
    for (const auto* kept : {"", "limit=5", "state=sent&limit=5", "limit=5&state=sent", "q=a+b",
                             "q=a%20b", "sort=-issued,number", "sort=-issued%2Cnumber",
                             "number=%C3%A9", "total=1.0", "sort=id"}) {
        BOOST_TEST(taken(kept).is_kept, kept);
    }
    for (const auto* other :
         {"limit=05", "limit=", "&limit=5", "limit=5&", "limit=5&&count=exact", "li%6Dit=5",
          "number=%c3%a9", "number=%61", "number", "token=550E8400-E29B-41D4-A716-446655440000",
          "lines=1e1", "state=sent&state=sent", "sort=issued,id",
          "paid_at=2026-11-28T10:30:00.250%2B01:00"}) {
        BOOST_TEST(!taken(other).is_kept, other);
    }
}

BOOST_AUTO_TEST_CASE(a_link_leads_to_the_rest_of_its_own_query) {
    const List& list = invoices.lists[0];
    const std::string text = "total.gte=1&sort=-issued,number&limit=2";
    const Query query = taken(text);
    const query::Position position = {"2026-11-28", std::nullopt, "7"};
    const auto link = query::next_link("/invoices", invoices, list, query, position);
    BOOST_REQUIRE(link);
    BOOST_TEST(link->starts_with("</invoices?" + text + "&after="));
    BOOST_TEST(link->ends_with(">; rel=\"next\""));
    const std::string cursor =
        link->substr(link->find("after=") + 6, link->find('>') - link->find("after=") - 6);
    const Query next = taken(text + "&after=" + cursor);
    BOOST_TEST((next.after == position));
    BOOST_TEST(next.text == text);
    BOOST_TEST(next.key == text + "&after=" + cursor);
    BOOST_TEST(next.is_kept);
    // The page's size and members may change, its records and their order may not.
    taken("sort=-issued,number,id&total.gte=1&fields=id&count=exact&after=" + cursor);
    for (const auto* other :
         {"sort=-issued,number", "total.gte=2&sort=-issued,number",
          "total.gte=1&sort=issued,number", "total.gte=1&sort=-issued",
          "total.gt=1&sort=-issued,number", "total.gte=1&sort=-issued,number&q=a"}) {
        expect_refused(std::string(other) + "&after=" + cursor, "after", "link");
    }
    for (std::size_t i = 0; i < cursor.size(); ++i) {
        std::string altered = cursor;
        altered[i] = altered[i] == 'A' ? 'B' : 'A';
        expect_refused(text + "&after=" + altered, "after", "link");
        expect_refused(text + "&after=" + cursor.substr(0, i), "after", "link");
    }
    BOOST_TEST(refused("limit=2&after=" + cursor, invoices, 1).contains("after"));
    BOOST_TEST(
        !query::next_link("/invoices", invoices, list, query, {std::string(6000, 'x'), "a", "7"}));
}

BOOST_AUTO_TEST_CASE(every_parameter_that_is_named_is_taken) {
    for (const std::string& name : query::parameter_names(invoices, invoices.lists[0])) {
        const auto found = query::parse(invoices, invoices.lists[0], name + "=%01");
        if (found) continue;  // text
        BOOST_TEST(!found.error().front().detail.contains("not a known"), name);
    }
}

BOOST_AUTO_TEST_CASE(a_message_names_filters_and_order) {
    BOOST_TEST(query::summary_of(taken("state=sent&total.gte=1&sort=-issued")) ==
               "the filters `state`, `total.gte` with the order `-issued,id`");
    BOOST_TEST(query::summary_of(taken("q=a")) == "the filter `q` with the order `id`");
    BOOST_TEST(query::summary_of(taken("sort=total")) == "the order `total,id`");
}

BOOST_AUTO_TEST_SUITE_END()
