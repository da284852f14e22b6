// Lists that are filtered by a value hang on that value: only a write whose record has it, before
// or after, makes them cold. What a client writes for a value never leads out of RUN_DIR.
#define BOOST_TEST_MODULE tags_values
#include <atomic>
#include <filesystem>
#include <fstream>
#include <set>
#include <system_error>

#include "feed.hpp"
#include "support/temporary_directory.hpp"

using namespace larder::test;
namespace fs = std::filesystem;

namespace {

constexpr auto orders = R"toml(title = "Order"
id = "integer"
page = { default = 100, max = 1000 }
[fields]
customer = { type = "integer", filter = true }
state = { type = "enum", values = ["draft", "sent", "paid"], default = "draft", filter = true }
code = { type = "text", max = 200, optional = true, filter = true, sort = true }
total = { type = "decimal", default = "0", filter = true, sort = true }
[lists.unpaid]
where = "state <> 'paid'"
)toml";

/// Runs already when the resource comes.
struct OrdersStack : SharedStack {
    OrdersStack() {
        fs::copy(source_directory() / "resources", directory / "resources");
        std::ofstream(directory / "resources" / "orders.toml") << orders;
        const auto done = stack().script({"up"}, {{"RESOURCES_DIR", directory / "resources"}});
        BOOST_REQUIRE_MESSAGE(done.status == 0, done.output);
    }
    ~OrdersStack() override { fs::remove_all(directory); }
    OrdersStack(const OrdersStack&) = delete;
    OrdersStack& operator=(const OrdersStack&) = delete;

    fs::path directory = temporary_directory("larder-tags");
};

Json order(int customer, const std::string& more = "") {
    return create("/orders", R"({"customer": )" + std::to_string(customer) + more + '}');
}

std::string of(int customer) { return "/orders?customer=" + std::to_string(customer); }

std::string state_of(const std::string& path) { return api().get(path).header("X-Cache"); }

bool shows(const std::string& path, const Json& record) {
    const auto list = expect_json(api().get(path), 200);
    return !with_id(list, record["id"]).is(Json::Kind::missing);
}

fs::path run_dir() { return stack().status().at("run_dir"); }

/// The links of lists in RUN_DIR, and what there is beside it.
std::set<std::string> links() {
    std::set<std::string> found;
    for (const auto& entry : fs::directory_iterator(run_dir())) {
        if (entry.is_symlink()) found.insert(entry.path().filename());
    }
    return found;
}

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(OrdersStack);

BOOST_AUTO_TEST_CASE(a_filtered_list_stays_warm_while_others_change) {
    const Json one = order(1);
    const Json two = order(2);
    const std::string warm[] = {of(1), of(1) + "&limit=7", of(1) + "&sort=-code&limit=7",
                                of(1) + "&state=draft"};
    for (int round = 0; round < 3; ++round) {
        for (const auto& path : warm) BOOST_TEST_REQUIRE(gets_cached(path));
        const auto path = path_of("/orders", two);
        BOOST_TEST(api().put(path, R"({"total": )" + std::to_string(round) + '}').status == 200);
        BOOST_TEST(api().del(path_of("/orders", order(3))).status / 100 == 2);
        for (const auto& kept : warm) BOOST_TEST(state_of(kept) == "HIT");
        BOOST_TEST(state_of("/orders") != "HIT");
        BOOST_TEST(state_of(of(2)) != "HIT");
        BOOST_TEST(shows(of(2), two));
    }
    BOOST_TEST(api().put(path_of("/orders", one), R"({"total": 9})").status == 200);
    for (const auto& path : warm) BOOST_TEST(state_of(path) != "HIT");
}

BOOST_AUTO_TEST_CASE(both_lists_go_cold_when_a_record_moves) {
    const Json moved = order(11);
    const auto path = path_of("/orders", moved);
    for (int round = 0; round < 4; ++round) {
        const int from = round % 2 == 0 ? 11 : 12;
        const int to = 23 - from;
        for (const int customer : {from, to}) BOOST_TEST_REQUIRE(gets_cached(of(customer)));
        BOOST_TEST(api().put(path, R"({"customer": )" + std::to_string(to) + '}').status == 200);
        BOOST_TEST(!shows(of(from), moved));
        BOOST_TEST(shows(of(to), moved));
        for (const int customer : {from, to}) BOOST_TEST_REQUIRE(gets_cached(of(customer)));
        BOOST_TEST(!shows(of(from), moved));
        BOOST_TEST(shows(of(to), moved));
    }
    BOOST_TEST(api().del(path).status / 100 == 2);
    BOOST_TEST(!shows(of(11), moved));
    BOOST_TEST(!shows(of(12), moved));
}

BOOST_AUTO_TEST_CASE(any_of_several_values_hangs_on_what_each_write_has) {
    const Json record = order(21);
    const auto path = path_of("/orders", record);
    const std::string any = "/orders?customer=21&customer=22";
    const std::string any_of_states = "/orders?state=draft&state=sent";
    for (const auto* body : {R"({"customer": 22})", R"({"state": "sent"})", R"({"customer": 21})",
                             R"({"state": "paid", "customer": 23})"}) {
        for (const auto& list : {any, any_of_states}) BOOST_TEST_REQUIRE(gets_cached(list));
        const Json now = expect_json(api().put(path, body), 200);
        BOOST_TEST(shows(any, record) == (now["customer"].text() != "23"));
        BOOST_TEST(shows(any_of_states, record) == (now["state"].text() != "paid"));
    }
}

BOOST_AUTO_TEST_CASE(a_foreign_edit_moves_a_record_too) {
    const Json record = order(31);
    auto database = stack().database();
    for (const bool is_full : {false, true}) {
        if (is_full) database.query("ALTER TABLE orders REPLICA IDENTITY FULL");
        for (const int to : {32, 31}) {
            for (const int customer : {31, 32}) BOOST_TEST_REQUIRE(gets_cached(of(customer)));
            database.query("UPDATE orders SET customer = $1 WHERE id = $2",
                           {std::to_string(to), record["id"].text()});
            BOOST_TEST(
                eventually([&] { return shows(of(to), record) && !shows(of(63 - to), record); },
                           std::chrono::seconds(180)));
        }
    }
}

BOOST_AUTO_TEST_CASE(no_spelling_leads_out_of_the_directory) {
    const auto before = links();
    const fs::path beside = run_dir().parent_path();
    // A tag is a link to a directory. Other stacks and files of PostgreSQL may come and go there.
    const auto count = [&] {
        return std::ranges::count_if(fs::directory_iterator(beside), [](const auto& entry) {
            std::error_code gone;
            const auto type = entry.symlink_status(gone).type();
            return (type == fs::file_type::symlink || type == fs::file_type::directory) &&
                   !entry.path().filename().string().starts_with("larder");
        });
    };
    const auto entries = count();
    const std::string long_value(65, 'x');
    for (const std::string& value :
         {std::string("../../x"), std::string("..%2F..%2Fx"), std::string("%2e%2e%2fx"),
          std::string("a/b"), std::string("a%00b"), std::string("a%0Ab"), std::string("a%20b"),
          std::string("a+b"), std::string("$realpath_root"), std::string("%24request_uri"),
          long_value, std::string("\xc3\xa4"), std::string("%C3%A4"), std::string("a%3Db"),
          std::string("'"), std::string("a;b"), std::string("a%26code=b"), std::string("%41")}) {
        for (const auto* name : {"code", "%63ode", "state", "customer", "total", "code.ne"}) {
            BOOST_TEST_CONTEXT(name << '=' << value) {
                const auto path = "/orders?" + std::string(name) + "=" + value;
                for (int i = 0; i < 2; ++i) {
                    const int status = api().get(path).status;
                    BOOST_TEST((status == 200 || status / 100 == 4));
                }
            }
        }
    }
    for (const std::string& link : links()) {
        BOOST_TEST_CONTEXT(link) {
            const bool is_value = link.starts_with("orders.") && link.contains('=');
            BOOST_TEST((before.contains(link) || is_value));
            BOOST_TEST(!link.contains(long_value));
        }
    }
    BOOST_TEST(count() == entries);
    // These are values as any others.
    for (const auto* value : {"..", ".", "-", "a.b_c-D"}) {
        const Json record = order(41, R"(, "code": ")" + std::string(value) + '"');
        const auto path = "/orders?code=" + std::string(value);
        BOOST_TEST_REQUIRE(gets_cached(path));
        BOOST_TEST(shows(path, record));
        BOOST_TEST(api().put(path_of("/orders", record), R"({"code": "else"})").status == 200);
        BOOST_TEST(!shows(path, record));
    }
}

BOOST_AUTO_TEST_CASE(nobody_sees_a_list_without_his_own_write) {
    std::atomic<bool> done = false;
    const auto failures = in_parallel(6, [&](std::size_t i) {
        int count = 0;
        const auto mine = static_cast<int>(50 + i % 3);
        if (i > 2) {
            while (!done) count += api().get(of(mine)).status == 200 ? 0 : 1;
            return count;
        }
        const Json record = order(mine);
        for (int round = 0; round < 100; ++round) {
            const int to = 50 + (round + static_cast<int>(i)) % 3;
            const auto code = unique_text("c");
            const auto body =
                R"({"customer": )" + std::to_string(to) + R"(, "code": ")" + code + "\"}";
            const bool written = api().put(path_of("/orders", record), body).status == 200;
            const bool is_there = api().get(of(to)).body.contains(code);
            const bool is_elsewhere = api().get(of(50 + (to - 49) % 3)).body.contains(code);
            count += written && is_there && !is_elsewhere ? 0 : 1;
        }
        if (i == 0) done = true;
        return count;
    });
    for (const int count : failures) BOOST_TEST(count == 0);
}
