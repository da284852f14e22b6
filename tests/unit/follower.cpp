#include "feed/follower.hpp"

#include <boost/test/unit_test.hpp>

#include <algorithm>

#include "feed/tables.hpp"
#include "resources.hpp"

using namespace larder;
using pgoutput::Tuple;
using pgoutput::Value;

namespace {

constexpr std::uint32_t employees = 1;
constexpr std::uint32_t products = 2;
constexpr std::uint32_t audit = 3;
constexpr std::uint64_t trusted = 7;

using Keys = std::vector<std::string>;
using Names = std::set<std::string_view>;

Value text(std::string_view value) { return {.kind = Value::Kind::text, .text = value}; }

pgoutput::Relation relation(std::uint32_t id, std::string_view name,
                            std::initializer_list<std::string_view> columns) {
    pgoutput::Relation result{.id = id, .schema = "public", .name = name, .columns = {}};
    for (const auto column : columns) {
        result.columns.push_back({.is_key = column == "id", .name = column});
    }
    return result;
}

Tuple employee(std::string_view id, std::string_view employee_id) {
    return {text(id), text("Eve"), employee_id.empty() ? Value{} : text(employee_id)};
}

pgoutput::Update move_of(std::string_view id, std::string_view from, std::string_view to) {
    return {.relation = employees,
            .old = pgoutput::OldTuple{.is_full = true, .values = employee(id, from)},
            .row = employee(id, to)};
}

/// A follower that knows the tables, inside a transaction.
struct Following {
    Following() {
        take(relation(employees, "employees", {"id", "name", "employee_id"}));
        take(relation(products, "products", {"id", "name"}));
        take(relation(audit, "audit", {"name"}));
        take(pgoutput::Begin{.commit_time = 5});
    }

    void take(const pgoutput::Event& event) { follower.take(event, trusted); }
    void mark(std::string_view content) {
        take(pgoutput::Message{.is_transactional = true, .prefix = "larder", .content = content});
    }
    Invalidation commit() {
        take(pgoutput::Commit{.end_lsn = 10});
        return std::exchange(follower.pending(), {});
    }

    Follower follower{resources(), "here", "f", 10};
};

Names names_of(const Invalidation& found) {
    Names names;
    for (const auto& [collection, lists] : found.lists) names.insert(collection);
    return names;
}

void expect(const Invalidation& found, const Keys& keys, const Names& collections) {
    Keys sorted = found.keys;
    std::ranges::sort(sorted);
    BOOST_TEST(sorted == keys, boost::test_tools::per_element());
    BOOST_TEST((names_of(found) == collections));
    BOOST_TEST(!found.everything);
}

}  // namespace

BOOST_FIXTURE_TEST_SUITE(follower, Following)

BOOST_AUTO_TEST_CASE(a_foreign_update_concerns_the_record_and_both_unique_values) {
    take(move_of("4", "E1", "E2"));
    BOOST_TEST(follower.is_in_transaction());
    expect(commit(), {"employees.employee_id:E1", "employees.employee_id:E2", "employees:4"},
           {"employees"});
    BOOST_TEST(!follower.is_in_transaction());
    BOOST_TEST(follower.commit_time() == 5);
    BOOST_TEST(follower.end() == 10U);
}

BOOST_AUTO_TEST_CASE(a_foreign_update_of_the_id_concerns_both_records) {
    take(pgoutput::Update{.relation = products,
                          .old = pgoutput::OldTuple{.is_full = false, .values = {text("a"), {}}},
                          .row = {text("b"), text("Lamp")}});
    expect(commit(), {"products:a", "products:b"}, {"products"});
}

BOOST_AUTO_TEST_CASE(a_foreign_delete_frees_the_unique_value) {
    take(pgoutput::Delete{.relation = employees,
                          .old = {.is_full = true, .values = employee("4", "E1")}});
    expect(commit(), {"employees.employee_id:E1", "employees:4"}, {"employees"});
}

BOOST_AUTO_TEST_CASE(a_foreign_insert_concerns_the_lists_only) {
    take(pgoutput::Insert{.relation = employees, .row = employee("4", "E1")});
    expect(commit(), {}, {"employees"});
}

BOOST_AUTO_TEST_CASE(what_a_worker_of_this_host_wrote_is_left_alone) {
    take(move_of("4", "E1", "E2"));
    mark("here 0 1 f");
    BOOST_TEST(commit().is_empty());
}

BOOST_AUTO_TEST_CASE(what_another_host_has_fenced_in_this_epoch_needs_new_lists_only) {
    take(move_of("4", "E1", "E2"));
    mark("there 7 1 f");
    expect(commit(), {}, {"employees"});
}

BOOST_AUTO_TEST_CASE(what_another_host_has_not_fenced_in_this_epoch_is_fenced) {
    for (const auto* content : {"there 0 1 f", "there 6 1 f", "there 8 1 f", "there 7 1 g",
                                "there 7 1", "here 7 1 g", "no mark"}) {
        BOOST_TEST_CONTEXT(content) {
            take(pgoutput::Begin{});
            take(move_of("4", "E1", ""));
            mark(content);
            expect(commit(), {"employees.employee_id:E1", "employees:4"}, {"employees"});
        }
    }
    take(pgoutput::Begin{});
    take(move_of("4", "E1", ""));
    mark("there 0 1 f");
    follower.take(pgoutput::Commit{}, 0);  // "0" must never count as an epoch that was fenced
    BOOST_TEST(follower.pending().keys.size() == 2U);
}

BOOST_AUTO_TEST_CASE(a_mark_vouches_for_as_many_rows_as_it_says) {
    for (const auto* content : {"here 7 2 f", "there 7 2 f", "here 7 1 f", "here 7 3 f"}) {
        BOOST_TEST_CONTEXT(content) {
            take(pgoutput::Begin{});
            take(move_of("4", "", ""));
            take(move_of("5", "", ""));
            BOOST_TEST(follower.pending().is_empty());
            mark(content);
            const std::string_view text = content;
            const auto found = commit();
            if (!text.ends_with("2 f")) {
                expect(found, {"employees:4", "employees:5"}, {"employees"});
            } else if (text.starts_with("there")) {
                expect(found, {}, {"employees"});
            } else {
                BOOST_TEST(found.is_empty());
            }
        }
    }
}

BOOST_AUTO_TEST_CASE(more_rows_than_a_worker_writes_are_handed_on_before_the_commit) {
    Follower wide(resources(), "here", "f");
    const auto rows = Mark::most_rows + 1;
    wide.take(relation(products, "products", {"id", "name"}), trusted);
    wide.take(pgoutput::Begin{}, trusted);
    for (std::size_t i = 0; i < rows; ++i) {
        BOOST_TEST(wide.pending().is_empty());
        wide.take(pgoutput::Update{.relation = products, .old = {}, .row = {text("a"), {}}},
                  trusted);
    }
    BOOST_TEST(wide.pending().keys.size() == rows);
    const auto mark = "here 7 " + std::to_string(rows) + " f";
    wide.take(pgoutput::Message{.is_transactional = true, .prefix = "larder", .content = mark},
              trusted);
    wide.take(pgoutput::Commit{}, trusted);
    BOOST_TEST(wide.pending().keys.size() == rows);
}

BOOST_AUTO_TEST_CASE(a_mark_counts_for_its_own_transaction_only) {
    take(move_of("4", "", ""));
    mark("here 7 1 f");
    BOOST_TEST(commit().is_empty());
    take(pgoutput::Begin{});
    take(move_of("4", "", ""));
    expect(commit(), {"employees:4"}, {"employees"});
}

BOOST_AUTO_TEST_CASE(tables_of_others_and_messages_of_others_do_not_count) {
    take(pgoutput::Insert{.relation = audit, .row = {text("x")}});
    take(pgoutput::Truncate{.relations = {audit}});
    take(move_of("4", "", ""));
    take(pgoutput::Message{.is_transactional = true, .prefix = "other", .content = "here 7 1 f"});
    take(pgoutput::Message{.is_transactional = false, .prefix = "larder", .content = "here 7 1 f"});
    expect(commit(), {"employees:4"}, {"employees"});
}

BOOST_AUTO_TEST_CASE(a_table_of_another_schema_is_none_of_ours) {
    auto other = relation(9, "employees", {"id", "name", "employee_id"});
    other.schema = "archive";
    take(other);
    take(pgoutput::Truncate{.relations = {9}});
    take(pgoutput::Insert{.relation = 9, .row = employee("4", "")});
    BOOST_TEST(commit().is_empty());
}

BOOST_AUTO_TEST_CASE(a_large_transaction_takes_one_new_epoch) {
    int renewals = 0;
    std::size_t most = 0;
    for (std::size_t i = 0; i < Mark::most_rows + 50; ++i) {
        take(move_of(std::to_string(i), "", ""));
        most = std::max(most, follower.pending().keys.size());
        if (std::exchange(follower.pending().everything, false)) ++renewals;
    }
    BOOST_TEST(renewals == 1);
    BOOST_TEST(most <= 10U);
    expect(commit(), {}, {"employees"});
    take(pgoutput::Begin{});
    take(move_of("4", "", ""));
    expect(commit(), {"employees:4"}, {"employees"});
}

BOOST_AUTO_TEST_CASE(a_large_transaction_of_new_rows_takes_new_lists_once) {
    for (std::size_t i = 0; i < Mark::most_rows + 50; ++i) {
        take(pgoutput::Insert{.relation = employees, .row = employee("4", "E1")});
        if (i == Mark::most_rows) expect(std::exchange(follower.pending(), {}), {}, {"employees"});
    }
    BOOST_TEST(commit().is_empty());
}

BOOST_AUTO_TEST_CASE(truncate_takes_a_new_epoch) {
    take(pgoutput::Truncate{.relations = {products, audit}});
    const auto found = commit();
    BOOST_TEST(found.everything);
    BOOST_TEST((names_of(found) == Names{"products"}));
}

BOOST_AUTO_TEST_CASE(a_table_that_has_changed_takes_a_new_epoch) {
    take(relation(products, "products", {"id", "name"}));
    BOOST_TEST(follower.pending().is_empty());
    take(relation(products, "products", {"id", "name", "colour"}));
    BOOST_TEST(follower.pending().everything);
    BOOST_TEST((names_of(follower.pending()) == Names{"products"}));
}

BOOST_AUTO_TEST_CASE(without_the_old_unique_value_everything_may_be_wrong) {
    take(pgoutput::Update{.relation = employees, .old = {}, .row = employee("4", "E1")});
    BOOST_TEST(commit().everything);
    take(pgoutput::Begin{});
    take(pgoutput::Delete{.relation = employees, .old = {.values = employee("4", "")}});
    BOOST_TEST(commit().everything);
    take(pgoutput::Begin{});
    take(relation(products, "products", {"name"}));
    take(pgoutput::Update{.relation = products, .old = {}, .row = {text("Lamp")}});
    BOOST_TEST(commit().everything);
}

BOOST_AUTO_TEST_CASE(an_id_that_the_log_may_change_in_silence_makes_all_records_suspect) {
    std::vector<Resource> boats = {{.name = "boats",
                                    .title = "Boat",
                                    .fields = {{.name = "n", .type = Text{}}},
                                    .id_column = "number"}};
    Tables tables(boats);
    pgoutput::Relation one = relation(1, "boats", {"id", "number"});
    tables.describe(one);
    const pgoutput::Update update{.relation = 1, .old = {}, .row = {text("7"), text("9")}};
    BOOST_TEST(tables.affected_by(update).is_unknown);
    pgoutput::Update moved = update;
    moved.old = {.is_full = false, .values = {text("6"), Value{}}};
    BOOST_TEST(tables.affected_by(moved).is_unknown);
    moved.old = {.is_full = true, .values = {text("7"), text("8")}};
    BOOST_TEST((tables.affected_by(moved).keys == Keys{"boats:8", "boats:9"}));
    one.columns[1].is_key = true;
    tables.describe(one);
    BOOST_TEST((tables.affected_by(update).keys == Keys{"boats:9"}));
}

BOOST_AUTO_TEST_CASE(a_table_is_known_by_its_schema_name_and_key) {
    std::vector<Resource> boats = {{.name = "boats",
                                    .title = "Boat",
                                    .fields = {{.name = "n", .type = Text{}}},
                                    .table = "Boats",
                                    .schema = "sales",
                                    .id_column = "boat ID"}};
    Tables tables(boats);
    const auto described = [&](std::uint32_t id, std::string_view schema, std::string_view name) {
        pgoutput::Relation one = relation(id, name, {"id", "boat ID"});
        one.schema = schema;
        tables.describe(one);
        return tables.resource_of(id) != nullptr;
    };
    BOOST_TEST(!described(1, "public", "boats"));
    BOOST_TEST(!described(2, "public", "Boats"));
    BOOST_TEST(!described(3, "sales", "boats"));
    BOOST_TEST(described(4, "sales", "Boats"));
    const auto affected = tables.affected_by(
        pgoutput::Delete{.relation = 4, .old = {.values = {text("7"), text("9")}}});
    BOOST_TEST(!affected.is_unknown);
    BOOST_TEST((affected.keys == Keys{"boats:9"}));
}

BOOST_AUTO_TEST_CASE(a_foreign_transaction_may_not_be_visible_yet) {
    const auto begin = [&](std::uint32_t xid) { take(pgoutput::Begin{.xid = xid}); };
    begin(70);
    take(pgoutput::Insert{.relation = employees, .row = employee("4", "")});
    BOOST_TEST(commit().transactions == std::vector<std::uint32_t>{70},
               boost::test_tools::per_element());
    begin(71);
    for (std::size_t i = 0; i < Mark::most_rows + 50; ++i) {
        take(pgoutput::Insert{.relation = employees, .row = employee("4", "")});
    }
    BOOST_TEST(commit().transactions == std::vector<std::uint32_t>{71},
               boost::test_tools::per_element());
    begin(72);
    take(pgoutput::Truncate{.relations = {products}});
    BOOST_TEST(commit().transactions == std::vector<std::uint32_t>{72},
               boost::test_tools::per_element());
    // Workers hold the locks of its tags until it is.
    begin(73);
    take(pgoutput::Insert{.relation = employees, .row = employee("4", "")});
    mark("there 7 1 f");
    BOOST_TEST(commit().transactions.empty());
    begin(74);
    take(pgoutput::Insert{.relation = employees, .row = employee("4", "")});
    mark("there 7 1 g");
    BOOST_TEST(commit().transactions.size() == 1U);
    begin(75);
    take(pgoutput::Insert{.relation = audit, .row = {text("x")}});
    BOOST_TEST(commit().is_empty());
}

BOOST_AUTO_TEST_CASE(rows_of_an_import_are_not_collected) {
    const auto import = [this](std::string_view content) {
        take(pgoutput::Message{
            .is_transactional = true, .prefix = "larder-import", .content = content});
    };
    const auto add_many = [this] {
        for (int i = 0; i < 3000; ++i) {
            take(pgoutput::Insert{.relation = employees, .row = employee("1", "E1")});
        }
    };
    import("here f employees");
    add_many();
    mark("here 0 0 f");
    expect(commit(), {}, {});

    // Entries that it has changed are counted, and fenced by whoever has made them wrong.
    take(pgoutput::Begin{.commit_time = 6});
    import("here f employees");
    add_many();
    take(move_of("4", "E1", "E2"));
    mark("here 7 1 f");
    expect(commit(), {}, {});

    take(pgoutput::Begin{.commit_time = 6});
    import("there f employees");
    BOOST_TEST((names_of(follower.pending()) == Names{"employees"}));
    add_many();
    mark("there 0 0 f");
    const auto found = commit();
    expect(found, {}, {"employees"});
    BOOST_TEST(found.lists.at("employees").all);
    BOOST_TEST(found.transactions.empty());
}

BOOST_AUTO_TEST_CASE(an_import_vouches_for_its_own_collection_only) {
    const auto import = [this](std::string_view content) {
        take(pgoutput::Message{
            .is_transactional = true, .prefix = "larder-import", .content = content});
    };
    // A trigger.
    import("here f employees");
    take(pgoutput::Insert{.relation = employees, .row = employee("1", "E1")});
    take(move_of("4", "E1", "E2"));
    mark("here 0 0 f");
    auto found = commit();
    expect(found, {"employees.employee_id:E1", "employees.employee_id:E2", "employees:4"},
           {"employees"});
    BOOST_TEST(found.lists.at("employees").all);
    BOOST_TEST(found.transactions.size() == 1U);

    // Other descriptions, and nothing that parses.
    for (const std::string_view content : {"here g employees", "here f", "here f unknown"}) {
        take(pgoutput::Begin{.commit_time = 6});
        import(content);
        take(pgoutput::Insert{.relation = employees, .row = employee("1", "E1")});
        mark("here 0 0 f");
        expect(commit(), {}, {"employees"});
    }
}

BOOST_AUTO_TEST_SUITE_END()

namespace {

/// A table of invoices with lists of a condition and of values.
struct Invoices {
    Invoices() { describe(); }

    void describe() {
        tables.describe(relation(1, "invoices", {"id", "customer", "paid", "total"}));
    }
    static Tuple row(std::string_view customer, std::string_view paid) {
        return {text("7"), text(customer), text(paid), text("1.50")};
    }
    static pgoutput::Update update(Tuple before, Tuple after, bool is_full = true) {
        return {.relation = 1,
                .old = pgoutput::OldTuple{.is_full = is_full, .values = std::move(before)},
                .row = std::move(after)};
    }

    std::vector<Resource> resources = {
        {.name = "invoices",
         .title = "Invoice",
         .fields = {{.name = "customer", .type = Integer{}, .filter = true},
                    {.name = "paid", .type = Boolean{}, .filter = true},
                    {.name = "total", .type = Decimal{}, .filter = true}},
         .lists = {List{}, List{.path = "overdue", .where = "NOT paid"}}}};
    Tables tables{resources};
};

using Tags = std::set<std::string>;

}  // namespace

BOOST_FIXTURE_TEST_SUITE(follower_tags, Invoices)

BOOST_AUTO_TEST_CASE(a_row_concerns_the_lists_of_its_values_and_those_of_conditions) {
    const auto lists =
        tables.affected_by(pgoutput::Insert{.relation = 1, .row = row("42", "f")}).lists;
    BOOST_TEST(!lists.all);
    BOOST_TEST((lists.tags == Tags{"overdue", "customer=42", "paid=false"}));
}

BOOST_AUTO_TEST_CASE(a_row_that_moves_concerns_the_lists_that_it_leaves_too) {
    const auto lists = tables.affected_by(update(row("42", "f"), row("43", "t"))).lists;
    BOOST_TEST(
        (lists.tags == Tags{"overdue", "customer=42", "customer=43", "paid=false", "paid=true"}));
    const auto removed = tables.affected_by(
        pgoutput::Delete{.relation = 1, .old = {.is_full = true, .values = row("42", "t")}});
    BOOST_TEST((removed.lists.tags == Tags{"overdue", "customer=42", "paid=true"}));
}

BOOST_AUTO_TEST_CASE(without_the_old_row_all_lists_may_be_wrong) {
    BOOST_TEST(tables.affected_by(pgoutput::Update{.relation = 1, .old = {}, .row = row("42", "f")})
                   .lists.all);
    BOOST_TEST(
        tables.affected_by(update({text("8"), {}, {}, {}}, row("42", "f"), false)).lists.all);
    BOOST_TEST(
        tables.affected_by(pgoutput::Delete{.relation = 1, .old = {.values = row("42", "f")}})
            .lists.all);
    Tuple untouched = row("42", "f");
    untouched[1] = {.kind = Value::Kind::unchanged, .text = {}};
    BOOST_TEST(tables.affected_by(update(row("42", "f"), untouched)).lists.all);
    tables.describe(relation(1, "invoices", {"id", "paid", "total"}));
    BOOST_TEST(
        tables
            .affected_by(pgoutput::Insert{.relation = 1, .row = {text("7"), text("f"), text("1")}})
            .lists.all);
}

BOOST_AUTO_TEST_CASE(a_value_that_is_no_part_of_a_tag_has_no_lists_of_its_own) {
    Tuple odd = row("42", "f");
    odd[1] = {};
    BOOST_TEST((tables.affected_by(pgoutput::Insert{.relation = 1, .row = odd}).lists.tags ==
                Tags{"overdue", "paid=false"}));
}

BOOST_AUTO_TEST_CASE(the_blanks_that_pad_a_value_are_no_part_of_its_tag) {
    const auto lists =
        tables.affected_by(pgoutput::Insert{.relation = 1, .row = row("42  ", "f")}).lists;
    BOOST_TEST((lists.tags == Tags{"overdue", "customer=42", "paid=false"}));
}

BOOST_AUTO_TEST_CASE(a_change_of_tokens_renews_access_whoever_made_it) {
    constexpr std::uint32_t tokens = 9;
    const pgoutput::Tuple row = {text("1"), text("ci")};
    for (const bool is_marked : {false, true}) {
        Following following;
        pgoutput::Relation table = relation(tokens, "tokens", {"id", "name"});
        following.take(table);  // public.tokens is none of ours
        following.take(pgoutput::Update{.relation = tokens, .old = {}, .row = row});
        BOOST_TEST(!following.commit().access);
        table.schema = "larder";
        following.take(table);
        following.take(pgoutput::Begin{.commit_time = 5, .xid = 77});
        following.take(pgoutput::Update{.relation = tokens, .old = {}, .row = row});
        if (is_marked) following.mark("larder-token 0 0");
        const auto done = following.commit();
        BOOST_TEST(done.access);
        BOOST_TEST(!done.everything);
        BOOST_TEST(done.lists.empty());
        // It may not be visible yet.
        BOOST_TEST(done.transactions == std::vector<std::uint32_t>{77},
                   boost::test_tools::per_element());
    }
}

BOOST_AUTO_TEST_SUITE_END()
