// contract.md, "Everywhere", first point: decimals are exact, keep their digits, have exact bounds,
// and what has over 1,000 digits is a 422.
#define BOOST_TEST_MODULE numbers
#include "fixture.hpp"

using namespace larder::test;

BOOST_TEST_GLOBAL_FIXTURE(SharedStack);

namespace {

/// A field that holds decimals, in the three places where there are some.
struct Place {
    const char* collection;
    std::string (*body)(std::string_view number);
    const char* pointer;
    const Json& (*number_in)(const Json& record);
};

const Place price = {"/products", [](std::string_view number) { return product("A", number); },
                     "/price", [](const Json& record) -> const Json& { return record["price"]; }};
const Place salary = {"/employees", [](std::string_view number) { return employee("A", number); },
                      "/salary",
                      [](const Json& record) -> const Json& { return record["salary"]; }};
const Place nested = {
    "/items",
    [](std::string_view number) { return R"({"a": [{"b": )" + std::string(number) + "}]}"; },
    "/a/0/b", [](const Json& record) -> const Json& { return record["a"].element(0)["b"]; }};
const Place columns[] = {price, salary};
const Place everywhere[] = {price, salary, nested};

/// `digits` × 10^`exponent`, with no zero at either end of `digits`; zero has no digits.
struct Decimal {
    bool negative = false;
    std::string digits;
    long exponent = 0;
    friend bool operator==(const Decimal&, const Decimal&) = default;
};

Decimal value_of(std::string_view text) {
    Decimal value;
    const auto e = text.find_first_of("eE");
    if (e != std::string_view::npos) value.exponent = std::stol(std::string(text.substr(e + 1)));
    bool fraction = false;
    for (const char c : text.substr(0, e)) {
        if (c == '-') value.negative = true;
        if (c == '.') fraction = true;
        if (c < '0' || c > '9') continue;
        value.digits += c;
        if (fraction) --value.exponent;
    }
    value.digits.erase(0, value.digits.find_first_not_of('0'));
    while (value.digits.ends_with('0')) {
        value.digits.pop_back();
        ++value.exponent;
    }
    return value.digits.empty() ? Decimal() : value;
}

/// The number as POST, GET from the database or the cache, and the list answer it.
std::vector<std::string> everywhere_read(const Place& place, std::string_view number) {
    const auto record = create(place.collection, place.body(number));
    const auto path = path_of(place.collection, record);
    const auto once = [&](const Json& got) {
        return place.number_in(got.contains("item") ? got["item"] : got).number();
    };
    std::vector<std::string> texts = {once(record)};
    for (int i = 0; i < 2; ++i) texts.push_back(once(expect_json(api().get(path), 200)));
    const auto list = expect_json(api().get(place.collection), 200);
    texts.push_back(once(with_id(list.contains("items") ? list["items"] : list, record["id"])));
    BOOST_TEST(api().del(path).status / 100 == 2);
    return texts;
}

}  // namespace

BOOST_AUTO_TEST_CASE(digits_are_kept) {
    for (const auto& place : everywhere) {
        for (const auto* number :
             {"24.99", "24.90", "24.9", "0", "0.0", "0.10", "7", "70000", "12345678901.123456789",
              "0.12345678901234567890", "999999999999.99999999999999999999",
              "0.1000000000000000055511151231257827"}) {
            BOOST_TEST_CONTEXT(place.collection << ' ' << number) {
                for (const auto& text : everywhere_read(place, number)) {
                    BOOST_TEST(text == number);
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(twenty_digits_and_more_in_items) {
    for (const auto* number : {"12345678901234567890", "-12345678901234567890.12345678901234567890",
                               "18446744073709551616", "9007199254740993", "-0.001", "-7.50"}) {
        BOOST_TEST_CONTEXT(number) {
            for (const auto& text : everywhere_read(nested, number)) BOOST_TEST(text == number);
        }
    }
}

BOOST_AUTO_TEST_CASE(exponents_keep_the_value) {
    for (const auto& place : everywhere) {
        for (const auto* number : {"1e3", "1E+3", "1.5e3", "24.99e0", "2499e-2", "1e11", "1e-5",
                                   "0.001e3", "1e-400", "0e5", "0E-5", "0.0e0", "-0", "-0.0",
                                   "-0e5", "128.74836467836484838364836483643636483648e-336"}) {
            BOOST_TEST_CONTEXT(place.collection << ' ' << number) {
                for (const auto& text : everywhere_read(place, number)) {
                    BOOST_TEST((value_of(text) == value_of(number)), "is " << text);
                }
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(bounds_are_exact) {
    const std::string just_under_zero = "-0." + std::string(400, '0') + "1";
    const std::string just_under_the_bound = "999999999999." + std::string(400, '9');
    for (const auto& place : columns) {
        for (const auto& wrong :
             {std::string("-1e-400"), std::string("-1e-900"), just_under_zero, std::string("1e12"),
              std::string("1000000000000"), std::string("1e100"),
              std::string("1000000000000.") + std::string(400, '0') + "1", std::string("0.1e13"),
              std::string("1e400")}) {
            BOOST_TEST_CONTEXT(place.collection << ' ' << wrong.substr(0, 30)) {
                expect_problem(api().post(place.collection, place.body(wrong)), 422,
                               {place.pointer});
            }
        }
        for (const auto& text : everywhere_read(place, just_under_the_bound)) {
            BOOST_TEST(text == just_under_the_bound);
        }
    }
}

BOOST_AUTO_TEST_CASE(over_a_thousand_digits_once_written_out) {
    for (const auto& place : everywhere) {
        const auto record = create(place.collection, place.body("1"));
        const auto path = path_of(place.collection, record);
        for (const auto& number :
             {std::string("1e1000"), std::string("1e131071"), std::string("1e131072"),
              std::string("1e-1001"), std::string("1e-16383"), std::string("1e-16384"),
              std::string("1e-99999999999999999999"), std::string("1e99999999999999999999"),
              std::string("-1e999999999"), std::string("0.") + std::string(1000, '0') + "1",
              std::string(1001, '9'), "0." + std::string(16384, '0') + "1"}) {
            BOOST_TEST_CONTEXT(place.collection << ' ' << number.substr(0, 30)) {
                const auto body = place.body(number);
                expect_problem(api().post(place.collection, body), 422, {place.pointer});
                expect_problem(api().put(path, body), 422, {place.pointer});
                expect_problem(api().patch(path, body), 422, {place.pointer});
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(the_largest_and_the_finest_numbers_are_held) {
    const std::string largest(1000, '9');
    const std::string finest = "0." + std::string(999, '0') + "1";
    for (const auto& number : {largest, "-" + largest, finest}) {
        for (const auto& text : everywhere_read(nested, number)) BOOST_TEST((text == number));
    }
    for (const auto& place : columns) {
        for (const auto& text : everywhere_read(place, finest)) BOOST_TEST((text == finest));
    }
}

BOOST_AUTO_TEST_CASE(every_bad_number_of_an_item_is_named) {
    expect_problem(api().post("/items", R"({"a": 1e200000, "b": {"c/d": [1, 1e-20000]}, "e": 1})"),
                   422, {"/a", "/b/c~1d/1"});
}

BOOST_AUTO_TEST_CASE(a_small_body_of_long_numbers_is_refused_as_a_whole) {
    std::string body = R"({"a": [1)";
    for (int i = 0; i < 800; ++i) body += ",1e999";
    body += "]}";
    const auto path = path_of("/items", create("/items", "{}"));
    const auto before = api().get(path).header("ETag");
    for (const auto& answer :
         {api().post("/items", body), api().put(path, body), api().patch(path, body)}) {
        expect_problem(answer, 422, {""});
    }
    BOOST_TEST(api().get(path).header("ETag") == before);
}

BOOST_AUTO_TEST_CASE(an_ignored_id_costs_nothing) {
    std::string body = R"({"a": 1, "id": [1)";
    for (int i = 0; i < 800; ++i) body += ",1e131071";
    body += "]}";
    const auto item = create("/items", body);
    BOOST_TEST(is_uuid(item["id"].string()));
    BOOST_TEST(item["a"].number() == "1");
}

BOOST_AUTO_TEST_CASE(many_bodies_make_no_item_without_bounds) {
    const auto path = path_of("/items", create("/items", "{}"));
    const std::string value(1000000, 'x');
    int last = 0;
    std::string kept;
    for (int i = 0; i < 10; ++i) {
        const auto answer = api().put(path, "{\"k" + std::to_string(i) + "\": \"" + value + "\"}");
        last = answer.status;
        if (answer.status != 200) {
            expect_problem(answer, 422, {""});
            break;
        }
        kept = answer.header("ETag");
    }
    BOOST_TEST(last == 422);
    BOOST_TEST(api().get(path).header("ETag") == kept);
    expect_problem(api().patch(path, "{\"p\": \"" + value + "\"}"), 422, {""});
    // What makes it smaller is taken.
    BOOST_TEST(api().patch(path, R"({"k0": null})").status == 200);
}

BOOST_AUTO_TEST_CASE(an_integer_may_be_written_with_a_fraction_or_exponent) {
    for (const auto* whole : {"150", "15e1", "150.0", "1.5e2", "0e9", "-0"}) {
        const auto response =
            api().post("/products", R"({"name": "A", "price": 1, "stock_quantity": )" +
                                        std::string(whole) + '}');
        BOOST_TEST_CONTEXT(whole) {
            // Other spellings of a whole number may be refused, but never stored as another one.
            const bool answered = response.status == 201 || response.status == 422;
            BOOST_TEST(answered);
            if (response.status == 201) {
                const auto stored = Json::parse(response.body)["stock_quantity"].number();
                BOOST_TEST((value_of(stored) == value_of(whole)), "is " << stored);
            }
        }
    }
    const auto plain = create("/products", R"({"name": "A", "price": 1, "stock_quantity": 150})");
    BOOST_TEST(plain["stock_quantity"].number() == "150");
}

BOOST_AUTO_TEST_CASE(comparisons_in_lists_are_exact) {
    const auto over = create("/employees", employee("A", "100000." + std::string(300, '0') + "1"));
    const auto equal = create("/employees", employee("A", "100000.000"));
    const auto list = expect_json(api().get("/employees/high-salary"), 200);
    BOOST_TEST(with_id(list, over["id"]) == over);
    BOOST_TEST(with_id(list, equal["id"]).is(Json::Kind::missing));
}
