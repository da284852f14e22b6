// Imports at the prompt, on a whole stack: what becomes of rows and of the caches.
#define BOOST_TEST_MODULE import
#include <algorithm>
#include <cstdint>
#include <limits>

#include "importing.hpp"

using namespace larder::test;
using namespace larder::test::importing;
using namespace larder::test::invoicing;

BOOST_TEST_GLOBAL_FIXTURE(ReferencesStack);

BOOST_AUTO_TEST_CASE(rows_of_a_spreadsheet_become_records) {
    const auto file =
        csv("\xEF\xBB\xBF"
            "email;name\r\ngreta@x;\"Greta; \"\"Gräfin\"\"\r\nvon X\"\r\n;Nobody\r\n");
    expect(import("customers", file), 0, "created 2, changed 0, skipped 0, failed 0");
    const Json all = expect_json(api().get("/customers"), 200);
    const auto named = [&](const std::string& name) {
        return std::ranges::any_of(all.elements(),
                                   [&](const Json& one) { return one["name"].text() == name; });
    };
    BOOST_TEST(named("Greta; \"Gräfin\"\r\nvon X"));
    BOOST_TEST(named("Nobody"));
}

BOOST_AUTO_TEST_CASE(each_row_that_fails_has_its_line) {
    stack().database().query(
        "ALTER TABLE public.customers ADD CONSTRAINT odd CHECK (name <> 'refused by PostgreSQL')");
    const auto file = csv(
        "name,email\nfine-1,\nrefused by PostgreSQL,\n\"bad\"quote,\n\xE9,\nfine-2,taken@x\nfine-3,"
        "taken@x\n,none@x\nfine-4,1,2\nfine-5,\n");
    const auto finished = import("customers", file, {"--errors", files().path("wrong.csv")});
    expect(finished, 1, "created 3, changed 0, skipped 0, failed 6");
    BOOST_TEST(files().read("wrong.csv") ==
               "line,field,reason,original\r\n"
               "3,,The database cannot hold a value of this body.,\"refused by PostgreSQL,\"\r\n"
               "4,,text follows the quote that ends a cell,\"\"\"bad\"\"quote,\"\r\n"
               "5,,is not UTF-8,\"\xE9,\"\r\n"
               "7,email,Customer with email 'taken@x' already exists,\"fine-3,taken@x\"\r\n"
               "8,name,is required,\",none@x\"\r\n"
               "9,,\"has 3 cells, and the header line has 2\",\"fine-4,1,2\"\r\n");
    BOOST_TEST(customers_of("fine-") == "3");
    stack().database().query("ALTER TABLE public.customers DROP CONSTRAINT odd");
}

BOOST_AUTO_TEST_CASE(wrong_usage_and_a_wrong_header_change_nothing) {
    const auto file = csv("name,mail\nx,y\n");
    const auto before = count("customers");
    auto finished = import("customers", file);
    BOOST_TEST(finished.status == 1);
    BOOST_TEST(finished.output.contains("mail is not a known field; known here: id, name, email"),
               finished.output);
    // Whatever is wrong: a former report stays as it is, and a new one is not made.
    const auto former = files().write("former.csv", "of the time before");
    const auto fresh = files().path("fresh.csv");
    const auto expect_wrong = [&](const std::string& resource, const std::string& from,
                                  const Options& options) {
        for (const auto& report : {former, fresh}) {
            Options all = {"--errors", report};
            all.insert(all.end(), options.begin(), options.end());
            finished = import(resource, from, all);
            BOOST_TEST(finished.status == 2, finished.output);
        }
        BOOST_TEST(files().read("former.csv") == "of the time before");
        BOOST_TEST(!fs::exists(fresh));
    };
    for (const Options& options :
         {Options{"--on-conflict", "replace"}, Options{"--on-conflict", "skip", "--key", "name"},
          Options{"--format", "xml"}, Options{"--what"}, Options{"--errors="}}) {
        expect_wrong("customers", file, options);
    }
    expect_wrong("customers", files().path("none"), {});
    expect_wrong("customers", "", {});
    expect_wrong("nothing", file, {});
    expect_wrong("items", file, {});
    BOOST_TEST(count("customers") == before);
    // The report of errors would take the place of the rows.
    finished = import("customers", file, {"--errors", file});
    BOOST_TEST(finished.status == 2, finished.output);
    BOOST_TEST(files().read("rows.csv") == "name,mail\nx,y\n");
}

BOOST_AUTO_TEST_CASE(options_stand_anywhere) {
    const auto file = files().write("--rows", "name\nanywhere\na,b\n");
    const auto report = files().write("former.csv", std::string(1000, 'x'));
    const auto finished = stack().script({
        "import",
        "--format=csv",
        "--errors=" + report,
        "--dry-run",
        "customers",
        "--",
        file,
    });
    expect(finished, 1, "created 1, changed 0, skipped 0, failed 1 (a trial: nothing was written)");
    BOOST_TEST(files().read("former.csv") ==
               "line,field,reason,original\r\n3,,\"has 2 cells, and the header line has 1\","
               "\"a,b\"\r\n");
    const auto inside =
        run({"bash", "-c", "cd \"$1\" && STACK=\"$2\" \"$3\" import customers --dry-run -- --rows",
             "bash", fs::path(file).parent_path(), stack().directory() / "stack",
             source_directory() / "scripts" / "stack"});
    expect(inside, 1, "created 1, changed 0, skipped 0, failed 1 (a trial: nothing was written)");
    // What a command does not know is not ignored.
    const auto status = stack().script({"status", "customers"});
    BOOST_TEST(status.status == 1);
    BOOST_TEST(status.output.contains("status takes no arguments"), status.output);
}

BOOST_AUTO_TEST_CASE(a_row_whose_key_is_taken_fails_is_skipped_or_changes_the_record) {
    const auto file = csv("name,email\nAda,k1@x\nBob,k2@x\n");
    expect(import("customers", file), 0, "created 2, changed 0, skipped 0, failed 0");
    expect(import("customers", file), 1, "created 0, changed 0, skipped 0, failed 2");
    const Options skip = {"--on-conflict", "skip", "--key", "email"};
    expect(import("customers", csv("name,email\nEve,k1@x\nCid,k3@x\n"), skip), 0,
           "created 1, changed 0, skipped 1, failed 0");
    const Options update = {"--on-conflict", "update", "--key", "email"};
    expect(import("customers", csv("name,email\nEve,k1@x\nDan,k4@x\nEva,k1@x\n"), update), 0,
           "created 1, changed 2, skipped 0, failed 0");
    BOOST_TEST(stack().database().value("SELECT string_agg(name, ',' ORDER BY email) FROM"
                                        " public.customers WHERE email LIKE 'k_@x'") ==
               "Eva,Bob,Cid,Dan");
}

BOOST_AUTO_TEST_CASE(references_are_given_by_unique_values) {
    import("customers", csv("name,email\nRef,ref@x\n"));
    const auto file = csv("number,customer.email\nR-1,ref@x\nR-2,nobody@x\n");
    const auto finished = import("invoices", file);
    expect(finished, 1, "created 1, changed 0, skipped 0, failed 1");
    BOOST_TEST(finished.output.contains("line 3: customer.email leads to no Customer"));
    expect(import("invoices", ndjson(R"({"number":"R-3","customer.email":"ref@x"}
{"number":"R-4","customer":"550e8400-e29b-41d4-a716-446655440000"})")),
           1, "created 1, changed 0, skipped 0, failed 1");
}

BOOST_AUTO_TEST_CASE(an_id_is_taken_and_later_ones_go_on_behind_it) {
    const Json customer = new_customer();
    const auto id = customer["id"].text();
    // A few numbers further, and many.
    for (const int ahead : {5, 50000}) {
        const Json last = create("/invoices", invoice(customer));
        const int wanted = std::stoi(last["id"].text()) + ahead;
        const auto number = unique_text("i-");
        expect(import("invoices", csv("id,number,customer\n" + std::to_string(wanted) + ',' +
                                      number + ',' + id + '\n')),
               0, "created 1, changed 0, skipped 0, failed 0");
        BOOST_TEST(
            expect_json(api().get("/invoices/" + std::to_string(wanted)), 200)["number"].text() ==
            number);
        for (int i = 0; i < 3; ++i) {
            const Json next = create("/invoices", invoice(customer));
            BOOST_TEST(std::stoi(next["id"].text()) == wanted + 1 + i);
        }
    }
    // The column says that it is always generated.
    expect(import("nodes", csv("id,text,parent\n77,root,\n78,leaf,77\n")), 0,
           "created 2, changed 0, skipped 0, failed 0");
}

BOOST_AUTO_TEST_CASE(one_id_does_not_use_up_the_numbers) {
    const Json customer = new_customer();
    const auto row = [&](std::int64_t id) {
        return std::to_string(id) + ',' + unique_text("i-") + ',' + customer["id"].text() + '\n';
    };
    const auto before = std::stoll(create("/invoices", invoice(customer))["id"].text());
    constexpr auto largest = std::numeric_limits<std::int64_t>::max();
    const auto file = csv("id,number,customer\n" + row(largest) + row(before + 7));
    expect(import("invoices", file), 0, "created 2, changed 0, skipped 0, failed 0");
    const Json next = create("/invoices", invoice(customer));
    BOOST_TEST(std::stoll(next["id"].text()) == before + 8);
    stack().database().query("DELETE FROM public.invoices WHERE id = $1::bigint",
                             {std::to_string(largest)});
}

BOOST_AUTO_TEST_CASE(an_id_that_its_column_cannot_hold_fails_as_its_row) {
    stack().database().query("ALTER TABLE public.nodes ALTER COLUMN parent TYPE integer");
    stack().database().query("ALTER TABLE public.nodes ALTER COLUMN id TYPE integer");
    for (const std::string options : {"", "skip", "update"}) {
        const auto file = csv("id,text,parent\n3000000000,x,\n,y,\n,z,3000000000\n");
        expect(
            import("nodes", file, options.empty() ? Options{} : Options{"--on-conflict", options}),
            1, "created 1, changed 0, skipped 0, failed 2");
    }
    create("/nodes", R"({"text": "next"})");
}

BOOST_AUTO_TEST_CASE(documents_are_lines_of_json) {
    const auto file =
        ndjson(R"({"id":"0f9a1c4e-0000-4000-8000-000000000001","n":1.50,"deep":{"a":[1,2]}})"
               "\n{\"n\":2}\n{\"n\":\n");
    expect(import("items", file), 1, "created 2, changed 0, skipped 0, failed 1");
    const auto path = "/items/0f9a1c4e-0000-4000-8000-000000000001";
    BOOST_TEST(expect_json(api().get(path), 200)["item"]["n"].text() == "1.50");
    warm(path);
    const auto change = ndjson(R"({"id":"0f9a1c4e-0000-4000-8000-000000000001","m":true})");
    expect(import("items", change, {"--on-conflict", "update"}), 0,
           "created 0, changed 1, skipped 0, failed 0");
    const Json item = expect_json(api().get(path), 200)["item"];
    BOOST_TEST(item["m"].text() == "true");
    BOOST_TEST(item["n"].text() == "1.50");
}

BOOST_AUTO_TEST_CASE(a_deferred_constraint_fails_as_its_row) {
    const auto known = new_customer()["id"].text();
    std::string text = "customer\n";
    for (int i = 0; i < 20; ++i) text += (i == 13 ? std::string(unknown_uuid) : known) + '\n';
    const auto finished = import("contracts", csv(text));
    expect(finished, 1, "created 19, changed 0, skipped 0, failed 1");
}

BOOST_AUTO_TEST_CASE(all_means_none_if_one_fails) {
    const auto good = csv("name,email\nAll-1,all1@x\nAll-2,all2@x\n");
    const auto bad = files().write("bad.csv", "name,email\nAll-3,all3@x\nAll-4,all3@x\n");
    expect(import("customers", bad, {"--all"}), 1,
           "created 0, changed 0, skipped 0, failed 1 (nothing was written)");
    BOOST_TEST(customers_of("All-") == "0");
    expect(import("customers", good, {"--all", "--dry-run"}), 0,
           "created 2, changed 0, skipped 0, failed 0 (a trial: nothing was written)");
    expect(import("customers", bad, {"--dry-run"}), 1,
           "created 1, changed 0, skipped 0, failed 1 (a trial: nothing was written)");
    BOOST_TEST(customers_of("All-") == "0");
    expect(import("customers", good, {"--all"}), 0, "created 2, changed 0, skipped 0, failed 0");
    BOOST_TEST(customers_of("All-") == "2");
}

BOOST_AUTO_TEST_CASE(caches_are_right_when_it_has_returned) {
    import("customers", csv("name,email\nWarm,warm@x\n"));
    const auto id =
        stack().database().value("SELECT id FROM public.customers WHERE email = 'warm@x'");
    const auto path = "/customers/" + id;
    warm(path);
    warm("/customers");
    // The owner of the unique value is cached, too.
    expect_problem(api().post("/customers", R"({"name": "x", "email": "warm@x"})"), 409);
    expect(import("customers", csv("id,name,email\n" + id + ",Hot,hot@x\n"),
                  {"--on-conflict", "update"}),
           0, "created 0, changed 1, skipped 0, failed 0");
    BOOST_TEST(expect_json(api().get(path), 200)["name"].text() == "Hot");
    BOOST_TEST(with_id(expect_json(api().get("/customers"), 200),
                       expect_json(api().get(path), 200)["id"])["name"]
                   .text() == "Hot");
    expect_json(api().post("/customers", R"({"name": "x", "email": "warm@x"})"), 201);
    expect_problem(api().post("/customers", R"({"name": "x", "email": "hot@x"})"), 409);

    // Rows that are added end no trust in Redis, and leave other entries alone.
    warm(path);
    warm("/customers");
    expect(import("customers", csv(many_customers("New-", 12000))), 0,
           "created 12000, changed 0, skipped 0, failed 0");
    BOOST_TEST(api().get(path).header("X-Cache") == "HIT");
    BOOST_TEST(api().get("/customers?count=exact&limit=1").header("X-Total-Count") ==
               count("customers"));
    BOOST_TEST(expect_json(api().get("/customers"), 200).elements().size() ==
               std::stoul(count("customers")));
    // Nor does the change of many.
    expect(import("customers", csv(many_customers("New-", 5000)),
                  {"--on-conflict", "update", "--key", "email"}),
           0, "created 0, changed 5000, skipped 0, failed 0");
    BOOST_TEST(api().get(path).header("X-Cache") == "HIT");
}
