#include "catalog/values.hpp"

#include <boost/test/unit_test.hpp>

#include <initializer_list>
#include <string>

using namespace larder;

namespace {

/// What is stored of a value, or "refused: " and why.
std::string stored(const FieldType& type, const std::string& value) {
    const std::string body = "{\"v\" : " + value + " }";
    const auto document = json::parse(body);
    BOOST_REQUIRE_MESSAGE(document, body);
    const json::Member& member = document->members.at(0);
    const auto text = stored_text(type, member, json::raw_value(member, body));
    if (!text) BOOST_TEST(!text.error().empty());
    return text ? *text : "refused: " + text.error();
}

struct Case {
    std::string sent;
    std::string kept;
};

void keeps(const FieldType& type, std::initializer_list<Case> cases) {
    for (const auto& [sent, kept] : cases) {
        BOOST_TEST_CONTEXT(sent) { BOOST_TEST(stored(type, sent) == kept); }
    }
}

void refuses(const FieldType& type, const std::string& rule,
             std::initializer_list<std::string> values) {
    for (const auto& value : values) {
        BOOST_TEST_CONTEXT(value) {
            BOOST_TEST(stored(type, value).starts_with("refused: " + rule));
        }
    }
}

}  // namespace

BOOST_AUTO_TEST_SUITE(values)

BOOST_AUTO_TEST_CASE(text_with_and_without_an_upper_limit) {
    keeps(Text{.shortest = 0}, {{R"("")", ""}, {R"("\u00e4b")", "äb"}});
    refuses(Text{.shortest = 2}, "must have at least 2 characters", {R"("")", R"("ä")"});
    refuses(Text{.shortest = 1, .longest = 2}, "must have 1 to 2 characters",
            {R"("")", R"("abc")"});
}

BOOST_AUTO_TEST_CASE(an_integer_has_63_bits_and_a_sign) {
    keeps(Integer{}, {{"9223372036854775807", "9223372036854775807"},
                      {"-9223372036854775808", "-9223372036854775808"},
                      {"-0", "0"},
                      {"1.50e2", "150"}});
    refuses(Integer{}, "must be between -9223372036854775808 and 9223372036854775807",
            {"9223372036854775808", "-9223372036854775809", "1e19", "1e400"});
    refuses(Integer{}, "must be an integer", {"0.5", "\"1\"", "true", "[]", "1e-400"});
}

BOOST_AUTO_TEST_CASE(a_decimal_keeps_its_digits_within_exact_bounds) {
    const Decimal price{.least = "-9.99", .most = "999.99", .scale = 2};
    keeps(price, {{"-9.99", "-9.99"},
                  {"999.990", "999.990"},
                  {"0", "0"},
                  {"1e2", "1e2"},
                  {"5e-2", "5e-2"},
                  {"1.000", "1.000"}});
    refuses(price, "must be -9.99 or more", {"-9.991", "-9.990000000000000000001", "-1e400"});
    refuses(price, "must be 999.99 or less", {"999.991", "1e3"});
    refuses(price, "may have 2 digits after the decimal point", {"0.001", "1e-400"});
    refuses(Decimal{.digits = 2}, "must be over -10^2 and under 10^2", {"100", "-100", "1e400"});
    refuses(Decimal{.least = "0", .digits = 2}, "must be under 10^2", {"100"});
    keeps(Decimal{}, {{"-1e400", "-1e400"}, {"0.10000000000000000001", "0.10000000000000000001"}});
}

BOOST_AUTO_TEST_CASE(a_boolean_is_no_text_and_no_number) {
    keeps(Boolean{}, {{"true", "true"}, {"false", "false"}});
    refuses(Boolean{}, "must be true or false", {"0", "\"true\"", "[]", "{}"});
}

BOOST_AUTO_TEST_CASE(a_date_is_a_day_that_there_is) {
    keeps(Date{}, {{R"("2026-11-28")", "2026-11-28"},
                   {R"("0001-01-01")", "0001-01-01"},
                   {R"("9999-12-31")", "9999-12-31"},
                   {R"("2024-02-29")", "2024-02-29"},
                   {R"("2000-02-29")", "2000-02-29"}});
    refuses(Date{}, "must be a date of the years 0001 to 9999",
            {R"("0000-01-01")",
             R"("2026-02-29")",
             R"("1900-02-29")",
             R"("2026-11-31")",
             R"("2026-13-01")",
             R"("2026-00-01")",
             R"("2026-01-00")",
             R"("2026-1-1")",
             R"("26-11-28")",
             R"("2026-11-28 ")",
             R"(" 2026-11-28")",
             R"("2026-11-28T00:00:00Z")",
             R"("20261128")",
             R"("10000-01-01")",
             R"("-001-01-01")",
             R"("infinity")",
             R"("today")",
             R"("")",
             "20261128",
             "null",
             "[]"});
}

BOOST_AUTO_TEST_CASE(a_timestamp_is_an_instant_in_utc) {
    keeps(Timestamp{}, {{R"("2026-11-28T09:30:00.25Z")", "2026-11-28T09:30:00.25Z"},
                        {R"("2026-11-28t09:30:00.250000z")", "2026-11-28T09:30:00.25Z"},
                        {R"("2026-11-28T09:30:00.000000Z")", "2026-11-28T09:30:00Z"},
                        {R"("2026-11-28T09:30:00.0000010000Z")", "2026-11-28T09:30:00.000001Z"},
                        {R"("2026-11-28T00:30:00+01:00")", "2026-11-27T23:30:00Z"},
                        {R"("2026-12-31T23:30:00.5-00:45")", "2027-01-01T00:15:00.5Z"},
                        {R"("2024-02-28T23:59:59-23:59")", "2024-02-29T23:58:59Z"},
                        {R"("2026-11-28T09:30:00-00:00")", "2026-11-28T09:30:00Z"},
                        {R"("0001-01-01T00:00:00Z")", "0001-01-01T00:00:00Z"},
                        {R"("9999-12-31T23:59:59.999999Z")", "9999-12-31T23:59:59.999999Z"}});
    refuses(Timestamp{}, "must be a date and time with a zone",
            {R"("2026-11-28T09:30:00")",
             R"("2026-11-28 09:30:00Z")",
             R"("2026-11-28T09:30Z")",
             R"("2026-11-28T24:00:00Z")",
             R"("2026-11-28T09:60:00Z")",
             R"("2026-11-28T23:59:60Z")",
             R"("2026-11-28T09:30:00.Z")",
             R"("2026-11-28T09:30:00.0000001Z")",
             R"("2026-11-28T09:30:00+0100")",
             R"("2026-11-28T09:30:00+24:00")",
             R"("2026-11-28T09:30:00+01:60")",
             R"("2026-11-28T09:30:00 +01:00")",
             R"("2026-11-28T09:30:00ZZ")",
             R"("0001-01-01T00:00:00+00:01")",
             R"("9999-12-31T23:59:59-00:01")",
             R"("2026-02-29T00:00:00Z")",
             R"("now")",
             R"("infinity")",
             "1764322200",
             "null"});
}

BOOST_AUTO_TEST_CASE(a_datetime_has_no_zone) {
    keeps(DateTime{}, {{R"("2026-11-28T09:30:00.250")", "2026-11-28T09:30:00.25"},
                       {R"("0001-01-01T00:00:00")", "0001-01-01T00:00:00"},
                       {R"("9999-12-31t23:59:59.999999")", "9999-12-31T23:59:59.999999"}});
    refuses(DateTime{}, "must be a date and time with no zone",
            {R"("2026-11-28T09:30:00Z")", R"("2026-11-28T09:30:00+01:00")", R"("2026-11-28")",
             R"("2026-11-28T09:30:00.1234567")", "1"});
}

BOOST_AUTO_TEST_CASE(a_float_is_what_a_double_holds) {
    keeps(Float{}, {{"0.1", "0.1"},
                    {"-1.7976931348623157e308", "-1.7976931348623157e308"},
                    {"5e-324", "5e-324"},
                    {"0e-400", "0e-400"},
                    {"-0", "-0"},
                    {"3", "3"}});
    refuses(Float{}, "must be under 1.8e308 in magnitude", {"1.8e308", "-1e400", "1e999"});
    refuses(Float{}, "must be 0 or at least 5e-324 in magnitude", {"1e-400", "-1e-999"});
    refuses(Float{}, "must be a number", {"\"1\"", "\"NaN\"", "true", "[]"});
}

BOOST_AUTO_TEST_CASE(a_uuid_is_kept_in_lower_case) {
    keeps(Uuid{},
          {{R"("6F1D2C3B-4a59-4E68-8b77-90a1b2c3d4e5")", "6f1d2c3b-4a59-4e68-8b77-90a1b2c3d4e5"}});
    refuses(Uuid{}, "must be a UUID",
            {R"("")", R"("6f1d2c3b4a594e688b7790a1b2c3d4e5")", "1",
             R"("{6f1d2c3b-4a59-4e68-8b77-90a1b2c3d4e5}")",
             R"("6f1d2c3b-4a59-4e68-8b77-90a1b2c3d4eg")"});
}

BOOST_AUTO_TEST_CASE(an_enum_is_one_of_its_values) {
    const Enum state{{"draft", "sent"}};
    keeps(state, {{R"("draft")", "draft"}, {R"("s\u0065nt")", "sent"}});
    refuses(state, "must be one of draft, sent",
            {R"("Draft")", R"("")", R"("sent ")", "1", "true"});
}

BOOST_AUTO_TEST_CASE(json_is_kept_as_it_was_sent) {
    keeps(Json{}, {{R"({"a" : [1.50, null]})", R"({"a" : [1.50, null]})"},
                   {"[ ]", "[ ]"},
                   {"24.90", "24.90"},
                   {"true", "true"},
                   {R"(": , } \" ")", R"(": , } \" ")"}});
}

BOOST_AUTO_TEST_SUITE_END()
