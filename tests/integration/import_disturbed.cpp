// Imports at the prompt, on a whole stack, with others that write the same rows, and cut off.
#define BOOST_TEST_MODULE import_disturbed
#include <sys/stat.h>

#include <algorithm>
#include <csignal>
#include <future>
#include <random>

#include "importing.hpp"
#include "open_transaction.hpp"

using namespace larder::test;
using namespace larder::test::importing;
using namespace larder::test::invoicing;

BOOST_TEST_GLOBAL_FIXTURE(ReferencesStack);

namespace {

/// How many sessions of imports there are of which this holds.
std::string sessions(const std::string& condition) {
    return stack().database().value(
        "SELECT count(*) FROM pg_stat_activity WHERE application_name = 'larder-bulk' AND " +
        condition);
}

/// The processes of imports of this stack.
std::vector<int> programs() {
    std::vector<int> found;
    const auto program =
        fs::canonical(fs::path(stack().status().at("stack")) / "bin" / "larder-bulk");
    for (const auto& entry : fs::directory_iterator("/proc")) {
        std::error_code none;
        if (fs::read_symlink(entry.path() / "exe", none) == program) {
            found.push_back(std::stoi(entry.path().filename()));
        }
    }
    return found;
}

/// An import that has got all of these rows, and waits for more.
class Cut {
public:
    Cut(const std::string& text, const Options& options, const std::string& name = "pipe")
        : path_(files().path(name)) {
        BOOST_REQUIRE(mkfifo(path_.c_str(), 0644) == 0);
        running_ = std::async(std::launch::async,
                              [=, this] { return import("customers", path_, options); });
        pipe_.open(path_, std::ios::binary);
        pipe_ << text << std::flush;
    }
    ~Cut() {
        pipe_.close();
        if (running_.valid()) running_.wait();
        fs::remove(path_);
    }
    Cut(const Cut&) = delete;
    Cut& operator=(const Cut&) = delete;

    void go_on(const std::string& rest) {
        pipe_ << rest;
        pipe_.close();
    }
    Finished end() { return running_.get(); }

    static void kill() {
        for (const int pid : programs()) stack().kill(pid, SIGKILL);
        BOOST_TEST(eventually([] { return programs().empty(); }));
    }

private:
    const std::string path_;
    std::future<Finished> running_;
    std::ofstream pipe_;
};

std::string deadlocks() {
    return stack().database().value(
        "SELECT deadlocks FROM pg_stat_database WHERE datname = current_database()");
}

/// Rows of customers that are there, in some order: by the key `email` or `id`.
std::string shuffled_customers(const std::string& key, unsigned seed) {
    auto rows = stack().database().query(
        "SELECT " + key + " FROM public.customers WHERE email LIKE 'Shuffled-%' ORDER BY 1");
    std::ranges::shuffle(rows, std::mt19937(seed));
    std::string text = key + ",name\n";
    for (const auto& row : rows) text += row[0] + ",Shuffled-by-" + std::to_string(seed) + '\n';
    return text;
}

}  // namespace

BOOST_AUTO_TEST_CASE(imports_of_the_same_rows_lock_them_in_one_order) {
    constexpr int rows = 1000;
    constexpr unsigned imports = 8;
    import("customers", csv(many_customers("Shuffled-", rows)));
    const auto before = deadlocks();
    std::vector<std::future<Finished>> running;
    for (unsigned seed = 1; seed <= imports; ++seed) {
        const std::string key = seed % 2 == 0 ? "id" : "email";
        const auto file =
            files().write("shuffled" + std::to_string(seed), shuffled_customers(key, seed));
        running.push_back(std::async(std::launch::async, [=] {
            return import("customers", file, {"--on-conflict", "update", "--key", key});
        }));
    }
    for (auto& one : running) {
        expect(one.get(), 0, "created 0, changed 1000, skipped 0, failed 0");
    }
    BOOST_TEST(eventually([] { return sessions("true") == "0"; }));
    BOOST_TEST(deadlocks() == before);
    BOOST_TEST(customers_of("Shuffled-by-") == std::to_string(rows));
}

BOOST_AUTO_TEST_CASE(it_waits_for_a_row_that_is_locked_for_a_while) {
    import("customers", csv("name,email\nLocked,lock@x\n"));
    OpenTransaction holder("UPDATE public.customers SET name = 'held' WHERE email = 'lock@x'");
    const auto file = csv("name,email\nFree,lock@x\n");
    auto finished = std::async(std::launch::async, [&] {
        return import("customers", file, {"--on-conflict", "update", "--key", "email"});
    });
    BOOST_TEST(eventually([] { return sessions("wait_event_type = 'Lock'") == "1"; }));
    holder.release();
    expect(finished.get(), 0, "created 0, changed 1, skipped 0, failed 0");
    BOOST_TEST(customers_of("Free") == "1");
}

BOOST_AUTO_TEST_CASE(a_deadlock_is_over_the_next_time) {
    const auto rows = [](const std::string& name) {
        return csv("name,email\n" + name + ",dead0@x\n" + name + ",dead1@x\n" + name +
                   ",dead2@x\n");
    };
    import("customers", rows("Alive"));
    const auto lock = [](const std::string& email) {
        return "UPDATE public.customers SET name = 'held' WHERE email = '" + email + "'";
    };
    OpenTransaction holder(lock("dead1@x"));
    const auto file = rows("Reborn");
    auto finished = std::async(std::launch::async, [&] {
        return import("customers", file, {"--on-conflict", "update", "--key", "email"});
    });
    BOOST_TEST(eventually([] { return sessions("wait_event_type = 'Lock'") == "1"; }));
    // The import has one of these, whichever it began with.
    holder.try_query(lock("dead0@x"));
    holder.try_query(lock("dead2@x"));
    holder.release();
    expect(finished.get(), 0, "created 0, changed 3, skipped 0, failed 0");
    BOOST_TEST(customers_of("Reborn") == "3");
}

BOOST_AUTO_TEST_CASE(imports_that_block_each_other_are_both_done) {
    const auto id = [](int number) {
        return "00000000-0000-4000-8000-00000000000" + std::to_string(number);
    };
    std::string customers = "id,name\n";
    for (int i = 1; i <= 4; ++i) customers += id(i) + ",Cross\n";
    import("customers", csv(customers));
    // Rows with other members than those before have a statement of their own, after them.
    const auto with_email = [&](int number) {
        return R"({"id":")" + id(number) + R"(","email":"cross)" + std::to_string(number) + "\"}\n";
    };
    const auto with_name = [&](int number) {
        return R"({"id":")" + id(number) + "\",\"name\":\"Crossed\"}\n";
    };
    const auto one = files().write("one.ndjson", with_email(1) + with_email(3) + with_name(2));
    const auto other = files().write("other.ndjson", with_email(2) + with_email(4) + with_name(1));
    const auto before = deadlocks();
    // So that each has the record that the other one comes to.
    OpenTransaction holder("SELECT FROM public.customers WHERE name = 'Cross' AND id IN ('" +
                           id(3) + "', '" + id(4) + "') FOR UPDATE");
    const auto begin = [](const std::string& file) {
        return std::async(std::launch::async,
                          [=] { return import("customers", file, {"--on-conflict", "update"}); });
    };
    auto first = begin(one);
    auto second = begin(other);
    BOOST_TEST(eventually([] { return sessions("wait_event_type = 'Lock'") == "2"; }));
    holder.release();
    for (auto* running : {&first, &second}) {
        expect(running->get(), 0, "created 0, changed 3, skipped 0, failed 0");
    }
    BOOST_TEST(eventually([&] { return deadlocks() != before; }));
    BOOST_TEST(customers_of("Crossed") == "2");
}

BOOST_AUTO_TEST_CASE(of_imports_of_all_that_block_each_other_one_is_done) {
    // Two batches in one transaction each.
    const auto half = [](const std::string& name, int from) {
        std::string text;
        for (int i = from; i < from + 1000; ++i) {
            text += "Both-" + std::to_string(i) + "@x," + name + '\n';
        }
        return text;
    };
    const std::string header = "email,name\n";
    import("customers", csv(header + half("Both-0", 1000) + half("Both-0", 2000)));
    const Options options = {"--all", "--on-conflict", "update", "--key", "email"};
    Cut first(header + half("Both-1", 1000), options, "first");
    Cut second(header + half("Both-2", 2000), options, "second");
    BOOST_TEST(eventually([] { return sessions("state = 'idle in transaction'") == "2"; }));
    first.go_on(half("Both-1", 2000));
    second.go_on(half("Both-2", 1000));
    const auto one = first.end();
    const auto other = second.end();
    BOOST_TEST(one.status + other.status <= 1, one.output + other.output);
    for (const auto& [done, name] : {std::pair(one, "Both-1"), std::pair(other, "Both-2")}) {
        if (done.status == 0) continue;
        BOOST_TEST(done.output.contains("Nothing was imported."), done.output);
        BOOST_TEST(customers_of(name) == "0");
    }
    BOOST_TEST(customers_of("Both-0") == "0");
}

BOOST_AUTO_TEST_CASE(killed_in_the_middle_it_is_completed_by_a_second_run) {
    const auto text = many_customers("Cut-", 9000);
    {
        Cut cut(text, {});
        BOOST_TEST(eventually([] { return customers_of("Cut-") == "5000"; }));
        cut.kill();
    }
    BOOST_TEST(customers_of("Cut-") == "5000");
    expect(import("customers", csv(text), {"--on-conflict", "skip", "--key", "email"}), 0,
           "created 4000, changed 0, skipped 5000, failed 0");
    BOOST_TEST(expect_json(api().get("/customers"), 200).elements().size() ==
               std::stoul(count("customers")));
}

BOOST_AUTO_TEST_CASE(killed_in_the_middle_an_import_of_all_leaves_none) {
    const auto text = many_customers("None-", 9000);
    {
        Cut cut(text, {"--all"});
        BOOST_TEST(eventually([] { return sessions("state = 'idle in transaction'") == "1"; }));
        cut.kill();
    }
    BOOST_TEST(eventually([] { return sessions("true") == "0"; }));
    BOOST_TEST(customers_of("None-") == "0");
    expect(import("customers", csv(text), {"--all"}), 0,
           "created 9000, changed 0, skipped 0, failed 0");
}
