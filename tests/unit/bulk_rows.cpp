#include <boost/test/unit_test.hpp>

#include <string>
#include <string_view>
#include <vector>

#include "bulk/error_report.hpp"
#include "bulk/progress.hpp"
#include "bulk/row_reader.hpp"

using namespace larder;
using namespace larder::bulk;

namespace {

using Texts = std::vector<std::string>;

/// Customers with a unique email, and invoices that refer to them.
std::vector<Resource> described() {
    Resource customers{.name = "customers", .title = "Customer", .id = IdType::uuid};
    customers.fields = {
        {.name = "email", .type = Text{.shortest = 3, .longest = 20}, .unique = true}};
    Resource invoices{.name = "invoices", .title = "Invoice"};
    invoices.fields = {
        {.name = "number", .type = Text{.shortest = 1, .longest = 5}, .unique = true},
        {.name = "customer",
         .type = Reference{.to = "customers", .id = IdType::uuid, .title = "Customer"},
         .required = false},
        {.name = "total", .type = Decimal{.least = "0", .scale = 2}},
        {.name = "count", .type = Integer{.least = 0, .most = 9}, .required = false},
        {.name = "state",
         .type = Enum{{"draft", "sent"}},
         .fallback = Default{.json = "\"draft\"", .stored = "draft"}},
        {.name = "paid", .type = Boolean{}, .required = false},
        {.name = "note", .type = Text{}, .required = false},
        {.name = "extra", .type = Json{}, .required = false},
        {.name = "made", .type = Timestamp{}, .required = false, .read_only = true}};
    return {std::move(customers), std::move(invoices)};
}

const std::vector<Resource>& all() {
    static const std::vector<Resource> resources = described();
    return resources;
}

ImportRequest request(Format format, OnConflict on_conflict = OnConflict::fail) {
    return {.resource = &all()[1],
            .resources = all(),
            .format = format,
            .on_conflict = on_conflict,
            .record_limit = 200};
}

std::string text_of(const ImportRow& row) {
    std::string text = std::to_string(row.line) + ":";
    if (row.id) text += " id=" + *row.id;
    for (const Assignment& one : row.change.assignments) {
        text += " " + one.field->name + "=" + one.value.value_or("NULL");
    }
    for (const ReferenceByValue& one : row.references) {
        text += " " + one.field->name + "." + one.by->name + "=" + one.value;
    }
    return text;
}

std::string text_of(const FailedRow& row) {
    std::string text = std::to_string(row.line) + "!";
    for (const FieldError& one : row.errors) text += " " + one.pointer + " " + one.detail + ".";
    return text;
}

struct Read {
    Texts rows;
    std::optional<Error> error;
};

Read read(const ImportRequest& asked, std::string_view file) {
    Read found;
    RowReader reader(asked, {.take =
                                 [&](const ImportRow& row) {
                                     found.rows.push_back(text_of(row));
                                     return true;
                                 },
                             .fail =
                                 [&](const FailedRow& row) {
                                     found.rows.push_back(text_of(row));
                                     return true;
                                 }});
    if (reader.read(file)) reader.end();
    found.error = reader.error();
    return found;
}

void expect(const ImportRequest& asked, std::string_view file, const Texts& rows) {
    const auto found = read(asked, file);
    BOOST_TEST(!found.error);
    BOOST_TEST(found.rows == rows, boost::test_tools::per_element());
}

/// The fields by which a header line is refused.
Texts refused(const ImportRequest& asked, std::string_view file) {
    const auto found = read(asked, file);
    BOOST_TEST(found.rows.empty());
    BOOST_REQUIRE(found.error.has_value());
    BOOST_TEST((found.error->kind == ErrorKind::unprocessable));
    Texts pointers;
    for (const FieldError& one : found.error->fields) pointers.push_back(one.pointer);
    return pointers;
}

const ImportRequest csv = request(Format::csv);
const ImportRequest ndjson = request(Format::ndjson);
constexpr std::string_view uuid = "550e8400-e29b-41d4-a716-446655440000";

}  // namespace

BOOST_AUTO_TEST_SUITE(bulk_rows)

BOOST_AUTO_TEST_CASE(columns_come_in_any_order) {
    expect(csv, "total,number\n24.90,A1\n1e2,\"A,2\"\n",
           {"2: number=A1 total=24.90 state=draft", "3: number=A,2 total=1e2 state=draft"});
    expect(csv, "id;made;number;total\n7;yesterday;A1;1\n;;A2;2\n",
           {"2: id=7 number=A1 total=1 state=draft", "3: number=A2 total=2 state=draft"});
}

BOOST_AUTO_TEST_CASE(an_empty_cell_is_null_or_left_out) {
    expect(csv, "number,total,count,state,note\nA1,1,,,\nA2,1,\"\",\"sent\",\"\"\n",
           {"2: number=A1 total=1 count=NULL state=draft note=NULL",
            "3: number=A2 total=1 count=NULL state=sent note="});
    expect(csv, "number,total\nA1,\n,1\n", {"2! /total is required.", "3! /number is required."});
}

BOOST_AUTO_TEST_CASE(cells_are_read_by_the_type_of_the_field) {
    expect(csv,
           "number,total,paid,extra,count\nA1,1,TRUE,\"{\"\"a\"\": [1.50]}\",3\nA2,1,false,null,\n",
           {"2: number=A1 total=1 count=3 state=draft paid=true extra={\"a\": [1.50]}",
            "3: number=A2 total=1 count=NULL state=draft paid=false extra=NULL"});
    expect(csv, "number,total,paid,extra,count\nA1,1,yes,{,3.5\n",
           {"2! /extra is not JSON. /count must be an integer. /paid must be true or false."});
    expect(csv, "number,total\nA1,x\nA2,-1\nA3,1.234\ntoo long,1\n",
           {"2! /total must be a number.", "3! /total must be 0 or more.",
            "4! /total may have 2 digits after the decimal point.",
            "5! /number must have 1 to 5 characters."});
    expect(csv, "number,total\nA1,1e131071\n",
           {"2! /total has over 1000 digits once it is written out."});
}

BOOST_AUTO_TEST_CASE(a_decimal_comma_is_named) {
    constexpr std::string_view why = "has a decimal comma; write it with a point, as in 24.99.";
    for (const std::string_view number : {"24,99", "-1,5", "1.234,50", "1'234,5"}) {
        expect(csv, "number;total\nA1;" + std::string(number) + "\n",
               {"2! /total " + std::string(why)});
    }
    expect(csv, "number;total\nA1;1,2,3\n", {"2! /total must be a number."});
    expect(csv, "number;total\nA1;,5\n", {"2! /total must be a number."});
}

BOOST_AUTO_TEST_CASE(a_reference_is_an_id_or_a_unique_value) {
    const std::string id(uuid);
    expect(csv, "number,total,customer\nA1,1,550E8400-E29B-41D4-A716-446655440000\nA2,1,\n",
           {"2: number=A1 customer=" + id + " total=1 state=draft",
            "3: number=A2 customer=NULL total=1 state=draft"});
    expect(csv, "number,total,customer.email\nA1,1,a@b\nA2,1,\nA3,1,x\n",
           {"2: number=A1 total=1 state=draft customer.email=a@b",
            "3: number=A2 customer=NULL total=1 state=draft",
            "4! /customer.email must have 3 to 20 characters."});
    expect(ndjson,
           R"({"number":"A1","total":1,"customer.email":"a@b"}
{"number":"A2","total":1,"customer.email":null}
{"number":"A3","total":1,"customer.email":"a@b","customer":null}
{"number":"A4","total":1,"customer.name":"x"})",
           {"1: number=A1 total=1 state=draft customer.email=a@b",
            "2: number=A2 customer=NULL total=1 state=draft", "3! /customer.email is given twice.",
            "4! /customer.name is not known: customers has no unique field 'name'."});
}

BOOST_AUTO_TEST_CASE(an_id_is_one_to_which_a_path_leads) {
    const std::string why = "! /id must be 0 or more, because no path leads to a negative id.";
    expect(
        csv,
        "id,number,total,state\n0,A1,1,sent\n-5,A2,1,sent\n-0,A3,1,sent\n"
        "9223372036854775807,A4,1,sent\n",
        {"2: id=0 number=A1 total=1 state=sent", "3" + why, "4: id=0 number=A3 total=1 state=sent",
         "5: id=9223372036854775807 number=A4 total=1 state=sent"});
    expect(ndjson, R"({"id":-5,"number":"A1","total":1})", {"1" + why});
    const auto update = request(Format::csv, OnConflict::update);
    expect(update, "id,total\n-5,1\n", {"2" + why});
    ImportRequest customers = csv;
    customers.resource = &all()[0];
    expect(customers, "id,email\n550E8400-E29B-41D4-A716-446655440000,a@x\n550e8400e29b,b@x\n",
           {"2: id=550e8400-e29b-41d4-a716-446655440000 email=a@x",
            "3! /id must be a UUID, such as 6f1d2c3b-4a59-4e68-8b77-90a1b2c3d4e5."});
}

BOOST_AUTO_TEST_CASE(a_header_line_names_known_fields_once) {
    BOOST_TEST(
        refused(csv, "number,total,colour,Total\nA1,1,2,3\n") == (Texts{"/colour", "/Total"}),
        boost::test_tools::per_element());
    BOOST_TEST(refused(csv, "number,total,total\n") == Texts{"/total"});
    BOOST_TEST(refused(csv, "number,total,customer,customer.email\n") == Texts{"/customer.email"});
    BOOST_TEST(refused(csv, "number,total,number.x\n") == Texts{"/number.x"});
    BOOST_TEST(refused(csv, "number\n") == Texts{"/total"});
    BOOST_TEST(refused(csv, "").empty());
    BOOST_TEST((read(csv, "number,\"total\n").error->kind == ErrorKind::bad_request));
    auto skip = request(Format::csv, OnConflict::skip);
    BOOST_TEST(refused(skip, "number,total\n") == Texts{"/id"});
    skip.key = all()[1].find_field("number");
    expect(skip, "number,total\nA1,1\n", {"2: number=A1 total=1 state=draft"});
}

BOOST_AUTO_TEST_CASE(a_change_of_a_record_has_what_is_given) {
    const auto update = request(Format::csv, OnConflict::update);
    expect(update, "id,count,state\n1,,\n2,5,sent\n",
           {"2: id=1 count=NULL", "3: id=2 count=5 state=sent"});
}

BOOST_AUTO_TEST_CASE(a_row_that_is_none_has_its_line) {
    expect(csv, "number,total\nA1\nA2,1,2\n\nx\"y,1\nA5,5\n",
           {"2!  has 1 cells, and the header line has 2.",
            "3!  has 3 cells, and the header line has 2.",
            "5!  a quote stands in a cell that does not begin with one.",
            "6: number=A5 total=5 state=draft"});
    expect(ndjson, "{\"number\":\"A1\",\"total\":1}\n\nx\n[]\n{\"number\":1}\n",
           {"1: number=A1 total=1 state=draft",
            "3!  The body is not JSON: Invalid value. (at byte 0).", "4!  must be a JSON object.",
            "5! /number must be a string. /total is required."});
    expect(ndjson, "{\"number\":\"A1\",\"total\":1,\"note\":\"" + std::string(200, 'x') + "\"}",
           {"1!  has over 200 bytes."});
    expect(ndjson, R"({"id":"x","number":"A1","total":1})", {"1! /id must be an integer."});
}

BOOST_AUTO_TEST_CASE(a_file_that_is_no_text_is_named) {
    for (const std::string_view file :
         {std::string_view("\xFF\xFEn\0", 4), std::string_view("PK\x03\x04zip"),
          std::string_view("\x1F\x8Bgzip")}) {
        const auto found = read(csv, file);
        BOOST_REQUIRE(found.error.has_value());
        BOOST_TEST((found.error->kind == ErrorKind::bad_request));
    }
}

BOOST_AUTO_TEST_CASE(choices_are_checked) {
    const auto wrong = [](const ImportChoices& choices) {
        ImportRequest asked = csv;
        Texts names;
        for (const FieldError& one : take_choices(choices, asked)) names.push_back(*one.parameter);
        return names;
    };
    BOOST_TEST(wrong({}).empty());
    BOOST_TEST(wrong({.on_conflict = "update", .key = "number"}).empty());
    BOOST_TEST(wrong({.on_conflict = "skip", .key = "id"}).empty());
    BOOST_TEST(wrong({.on_conflict = "replace"}) == Texts{"on_conflict"});
    BOOST_TEST(wrong({.on_conflict = "skip", .key = "total"}) == Texts{"key"});
    BOOST_TEST(wrong({.on_conflict = "skip", .key = "made"}) == Texts{"key"});
    BOOST_TEST(wrong({.key = "number"}) == Texts{"key"});
}

BOOST_AUTO_TEST_CASE(progress_tells_rows_and_the_time_left) {
    const ImportCounts counts{.created = 900, .failed = 100};
    BOOST_TEST(progress_text(counts, std::chrono::seconds(10), 0, 0) ==
               "1000 rows, 100 rows/s, 100 failed");
    BOOST_TEST(progress_text(counts, std::chrono::seconds(10), 25, 100) ==
               "1000 rows, 100 rows/s, 100 failed, 25 %, 30 s left");
    BOOST_TEST(progress_text(counts, std::chrono::seconds(100), 25, 100) ==
               "1000 rows, 10 rows/s, 100 failed, 25 %, 5:00 min left");
}

BOOST_AUTO_TEST_CASE(a_cell_of_the_report_is_quoted_where_it_has_to_be) {
    BOOST_TEST(csv_cell("plain text") == "plain text");
    BOOST_TEST(csv_cell("a \"b\", c") == "\"a \"\"b\"\", c\"");
}

BOOST_AUTO_TEST_SUITE_END()
