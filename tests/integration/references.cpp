// References to other records: unknown ones, and foreign keys that are not as described.
#define BOOST_TEST_MODULE references
#include <algorithm>
#include <cctype>

#include "invoicing.hpp"
#include "open_transaction.hpp"

using namespace larder::test;
using namespace larder::test::invoicing;

BOOST_TEST_GLOBAL_FIXTURE(ReferencesStack);

BOOST_AUTO_TEST_CASE(every_unknown_reference_is_named) {
    const Json customer = new_customer();
    const std::string unknown = json_string(unknown_uuid);
    expect_problem(api().post("/invoices", R"({"number": "u", "customer": )" + unknown + '}'), 422,
                   {"/customer"});
    const auto refused =
        api().post("/lines", R"({"text": "t", "invoice": 999999, "also": )" + unknown + '}');
    const Json problem = expect_problem(refused, 422, {"/invoice", "/also"});
    BOOST_TEST(problem["errors"].element(0)["detail"].text() == "is the id of no Invoice");
    const auto one = api().post(
        "/lines", R"({"text": "t", "invoice": 999999, "also": )" + quoted(customer["id"]) + '}');
    expect_problem(one, 422, {"/invoice"});
    // A foreign key that PostgreSQL looks at in COMMIT.
    expect_problem(api().post("/contracts", R"({"customer": )" + unknown + '}'), 422,
                   {"/customer"});
    const Json made = create("/invoices", invoice(customer));
    const auto path = path_of("/invoices", made);
    expect_problem(api().put(path, R"({"customer": )" + unknown + '}'), 422, {"/customer"});
    expect_problem(api().patch(path, R"({"customer": )" + unknown + '}'), 422, {"/customer"});
    expect_problem(api().put(path, R"({"customer": )" + unknown + R"(, "number": "other"})"), 422,
                   {"/customer"});
    BOOST_TEST((expect_json(api().get(path), 200) == made));
    // The order of the checks: the record, then its preconditions, then the references.
    expect_problem(api().put("/invoices/999999", R"({"customer": )" + unknown + '}'), 404);
    expect_problem(api().put(path, R"({"customer": )" + unknown + '}', {R"(If-Match: "x")"}), 412);
    // Any spelling of the id.
    std::string upper = customer["id"].text();
    for (char& c : upper) c = static_cast<char>(std::toupper(c));
    const Json spelt = create("/invoices", R"({"number": "upper", "customer": ")" + upper + "\"}");
    BOOST_TEST((spelt["customer"] == customer["id"]));
}

BOOST_AUTO_TEST_CASE(each_write_of_a_group_has_its_own_answer) {
    const Json known = create("/invoices", invoice(new_customer()));
    const auto answers = in_parallel(40, [&](std::size_t i) {
        return api().post("/lines",
                          i % 4 == 0 ? R"({"text": "t", "invoice": 999999})" : line(known));
    });
    for (std::size_t i = 0; i < answers.size(); ++i) {
        if (i % 4 == 0) {
            expect_problem(answers[i], 422, {"/invoice"});
        } else {
            BOOST_TEST(answers[i].status == 201, answers[i].body);
        }
    }
}

BOOST_AUTO_TEST_CASE(a_record_that_was_referred_to_gets_cached) {
    // The check of the reference locks the customer, which leaves its xmax set.
    const Json customer = new_customer();
    const auto path = path_of("/customers", customer);
    for (int i = 0; i < 2; ++i) {
        create("/invoices", invoice(customer));
        BOOST_TEST(stack().database().value("SELECT xmax <> 0 FROM public.customers WHERE id = $1",
                                            {customer["id"].text()}) == "t");
        warm(path);
        expect_json(api().put(path, R"({"name": "Bo"})"), 200);
        create("/invoices", invoice(customer));
        warm(path);
    }
    BOOST_TEST(expect_json(api().get(path), 200)["name"].text() == "Bo");
}

BOOST_AUTO_TEST_CASE(a_new_child_of_a_locked_parent_holds_up_no_child_of_another) {
    const Json locked = create("/invoices", invoice(new_customer()));
    const Json free = create("/invoices", invoice(new_customer()));
    OpenTransaction elsewhere("SELECT FROM invoices WHERE id = $1 FOR UPDATE",
                              {locked["id"].text()});
    const auto answers = in_parallel(8, [&](std::size_t i) {
        return api().post("/lines", line(i % 2 == 0 ? locked : free)).status;
    });
    for (std::size_t i = 0; i < answers.size(); ++i) {
        BOOST_TEST(answers[i] == (i % 2 == 0 ? 503 : 201));
    }
    elsewhere.release();
    create("/lines", line(locked));
}

BOOST_AUTO_TEST_CASE(foreign_keys_that_are_not_as_described_are_refused_at_start) {
    auto database = stack().database();
    const auto expect = [](std::initializer_list<std::string> words) {
        const auto finished = check_schema();
        BOOST_TEST(finished.status == (words.size() == 0 ? 0 : 1), finished.output);
        for (const auto& word : words) BOOST_TEST(finished.output.contains(word), finished.output);
    };
    expect({});
    database.query("DELETE FROM invoices");
    const auto rebuild = [&](const std::string& constraint) {
        database.query("SET client_min_messages = warning");
        database.query("ALTER TABLE invoices DROP CONSTRAINT IF EXISTS to_customer");
        if (!constraint.empty()) {
            database.query("ALTER TABLE invoices ADD CONSTRAINT to_customer " + constraint);
        }
    };
    rebuild("");
    expect({"\"invoices\".\"customer\" has no foreign key",
            "ALTER TABLE public.\"invoices\" ADD FOREIGN KEY (\"customer\") REFERENCES"
            " public.\"customers\" (\"id\") ON DELETE CASCADE"});
    for (const auto* action :
         {"", " ON DELETE RESTRICT", " ON DELETE CASCADE", " ON DELETE SET NULL",
          " DEFERRABLE INITIALLY DEFERRED", " NOT VALID"}) {
        rebuild("FOREIGN KEY (customer) REFERENCES customers" + std::string(action));
        BOOST_TEST_CONTEXT(action) { expect({}); }
    }
    // Of a reference that restricts, and of a column that is no reference.
    for (const auto* column : {"invoice", "id"}) {
        for (const auto* action : {"CASCADE", "SET NULL", "SET DEFAULT"}) {
            database.query("ALTER TABLE contracts ADD CONSTRAINT other FOREIGN KEY (" +
                           std::string(column) + ") REFERENCES invoices ON DELETE " + action +
                           " NOT VALID");
            expect({"the foreign key \"other\" of public.\"contracts\"", "on_delete"});
            database.query("ALTER TABLE contracts DROP CONSTRAINT other");
        }
    }
    database.query("DELETE FROM nodes");
    database.query("ALTER TABLE nodes ALTER parent SET NOT NULL");
    expect({"\"nodes\".\"parent\" is NOT NULL", "DROP NOT NULL"});
    database.query(
        "ALTER TABLE nodes DROP parent, ADD parent bigint GENERATED ALWAYS AS"
        " (NULL::bigint) STORED REFERENCES nodes");
    expect({"\"nodes\".\"parent\" is generated", "on_delete"});
    database.query("ALTER TABLE nodes DROP parent, ADD parent bigint REFERENCES nodes");
    expect({});
}

BOOST_AUTO_TEST_CASE(without_prepared_statements) {
    const auto restart = [](const std::string& prepared) {
        stack().down();
        const auto done = stack().script({"up"}, {{"PREPARED_STATEMENTS", prepared}});
        BOOST_REQUIRE_MESSAGE(done.status == 0, done.output);
    };
    restart("false");
    const Json customer = new_customer();
    const Json above = create("/invoices", invoice(customer));
    // The column of `also` has a name that looks like a parameter.
    const Json below = create("/lines", R"({"text": "t", "invoice": )" + quoted(above["id"]) +
                                            R"(, "also": )" + quoted(customer["id"]) + '}');
    const auto path = path_of("/lines", below);
    BOOST_TEST((expect_json(api().put(path, R"({"text": "new"})"), 200)["also"] == customer["id"]));
    expect_problem(api().put(path, R"({"also": ")" + std::string(unknown_uuid) + "\"}"), 422,
                   {"/also"});
    BOOST_TEST(api().del(path_of("/customers", customer)).status == 204);
    BOOST_TEST(api().get(path).status == 404);
    restart("true");
}

BOOST_AUTO_TEST_CASE(it_is_described) {
    const auto printed = run({program_directory() / "larder-worker", "--print-openapi"},
                             {{"RESOURCES_DIR", stack().directory() / "stack" / "resources"}});
    BOOST_TEST(printed.status == 0, printed.output);
    const auto description = Json::parse(printed.output);
    const Json& paths = description["paths"];
    const auto says_when = [&](const char* path) {
        return paths[path]["delete"]["description"].text().contains("Refused (409)");
    };
    BOOST_TEST(says_when("/customers/{id}"));
    BOOST_TEST(says_when("/invoices/{id}"));
    BOOST_TEST(!says_when("/notes/{id}"));
    const Json& members = description["components"]["schemas"]["Invoice"]["properties"];
    BOOST_TEST(members["customer"]["format"].text() == "uuid");
    BOOST_TEST(members["customer"]["description"].text().contains("The id of a Customer."));
}
