// contract.md, all of it, while workers come and go: SIGTERM costs no answer, kill -9 costs no
// read, and a write is never applied twice. (nginx must not repeat a write on its own.)
#define BOOST_TEST_MODULE restarts
#include "fixture.hpp"

#include <fcntl.h>
#include <sched.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <filesystem>
#include <fstream>
#include <future>
#include <iterator>
#include <mutex>
#include <set>

#include "load.hpp"

using namespace larder::test;
using namespace std::chrono_literals;

BOOST_TEST_GLOBAL_FIXTURE(SharedStack);

namespace {

/// Waits until as many workers run as before, and none of those that were there.
void wait_for_successors(const std::vector<int>& former) {
    BOOST_TEST(eventually([&] {
        const auto now = stack().pids("worker");
        return now.size() == former.size() && std::ranges::none_of(now, [&](int pid) {
                   return std::ranges::find(former, pid) != former.end();
               });
    }));
}

/// A worker on a socket of the test's, with the settings of the stack.
class OwnWorker {
public:
    OwnWorker() : listener_(socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0)) {
        address_.sun_family = AF_UNIX;
        (stack().directory() / "socket")
            .string()
            .copy(address_.sun_path, sizeof(address_.sun_path) - 1);
        BOOST_REQUIRE(bind(listener_, reinterpret_cast<sockaddr*>(&address_), sizeof(address_)) ==
                      0);
        BOOST_REQUIRE(listen(listener_, 16) == 0);
        const auto status = stack().status();
        std::vector<std::string> variables = {
            "DATABASE_URL=" + status.at("database_url"), "REDIS_URL=" + status.at("redis_url"),
            "RUN_DIR=" + status.at("run_dir"),
            "RESOURCES_DIR=" + (source_directory() / "resources").string()};
        std::vector<char*> environment;
        for (auto& variable : variables) environment.push_back(variable.data());
        environment.push_back(nullptr);
        const auto program = (program_directory() / "larder-worker").string();
        pid_ = fork();
        if (pid_ == 0) {
            dup2(listener_, STDIN_FILENO);
            execle(program.c_str(), "larder-worker", nullptr, environment.data());
            _exit(127);
        }
    }
    ~OwnWorker() {
        if (!has_ended()) {
            kill(pid_, SIGKILL);
            waitpid(pid_, nullptr, 0);
        }
        close(listener_);
        unlink(address_.sun_path);
    }
    OwnWorker(const OwnWorker&) = delete;
    OwnWorker& operator=(const OwnWorker&) = delete;

    [[nodiscard]] int listener() const { return listener_; }
    [[nodiscard]] int pid() const { return pid_; }
    [[nodiscard]] bool accepts_without_waiting() const {
        return (fcntl(listener_, F_GETFL) & O_NONBLOCK) != 0;
    }
    /// Makes a connection, which is to be closed.
    [[nodiscard]] int connection() const {
        const int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        BOOST_REQUIRE(connect(fd, reinterpret_cast<const sockaddr*>(&address_), sizeof(address_)) ==
                      0);
        return fd;
    }
    [[nodiscard]] bool has_ended() {
        has_ended_ = has_ended_ || waitpid(pid_, nullptr, WNOHANG) == pid_;
        return has_ended_;
    }
    [[nodiscard]] auto count_descriptors() const {
        namespace fs = std::filesystem;
        const fs::directory_iterator entries("/proc/" + std::to_string(pid_) + "/fd");
        return std::distance(begin(entries), end(entries));
    }

private:
    sockaddr_un address_{};
    int listener_;
    pid_t pid_ = -1;
    bool has_ended_ = false;
};

/// Notes every row that an INSERT or UPDATE of products leaves, for as long as it exists.
class Audit {
public:
    Audit() : database_(stack().database()) {
        database_.query("CREATE TABLE public.audit (name text)");
        database_.query(
            "CREATE FUNCTION public.audit() RETURNS trigger LANGUAGE plpgsql SECURITY DEFINER "
            "AS 'BEGIN INSERT INTO public.audit VALUES (NEW.name); RETURN NULL; END'");
        database_.query(
            "CREATE TRIGGER audit AFTER INSERT OR UPDATE ON public.products "
            "FOR EACH ROW EXECUTE FUNCTION public.audit()");
    }
    ~Audit() {
        database_.query("DROP TRIGGER audit ON public.products");
        database_.query("DROP FUNCTION public.audit");
        database_.query("DROP TABLE public.audit");
    }
    Audit(const Audit&) = delete;
    Audit& operator=(const Audit&) = delete;

    std::multiset<std::string> names() {
        std::multiset<std::string> found;
        for (auto& row : database_.query("SELECT name FROM public.audit")) found.insert(row.at(0));
        return found;
    }

private:
    Database database_;
};

struct Written {
    std::string name;
    int status = 0;
};

/// Writes unique names, by POST and by PUT on one product of its own, until told to stop.
std::vector<Written> write_until(const std::atomic<bool>& done, std::size_t writer,
                                 const std::string& own_product) {
    std::vector<Written> written;
    for (int i = 0; !done; ++i) {
        const auto name = "w" + std::to_string(writer) + "-" + std::to_string(i);
        const auto response = i % 2 == 0 ? api().post("/products", product(name))
                                         : api().put(own_product, R"({"name": ")" + name + "\"}");
        written.push_back({name, response.status});
    }
    return written;
}

void expect_at_most_once(const std::vector<Written>& written,
                         const std::multiset<std::string>& applied) {
    for (const auto& [name, status] : written) {
        BOOST_TEST_CONTEXT(name << " was answered with " << status) {
            BOOST_TEST((status / 100 == 2 || status / 100 == 5));
            BOOST_TEST(applied.count(name) <= 1U);
            if (status / 100 == 2) BOOST_TEST(applied.count(name) == 1U);
        }
    }
}

/// The last PUT that was answered holds, or one after it that was not answered.
void expect_last_put(const std::string& path, const std::vector<Written>& written) {
    const auto name = expect_json(api().get(path), 200)["name"].string();
    for (auto write = written.rbegin(); write != written.rend(); ++write) {
        if (write->name == name) return;
        BOOST_TEST_CONTEXT(path << " has the name " << name << ", not " << write->name) {
            BOOST_TEST(write->status != 200);
        }
        if (write->status == 200) return;
    }
}

}  // namespace

BOOST_AUTO_TEST_CASE(servers_of_many_small_requests_interrupt_nobody) {
    for (const auto* part : {"worker", "redis", "nginx"}) {
        for (const int pid : stack().pids(part)) {
            BOOST_TEST_CONTEXT(part) { BOOST_TEST(sched_getscheduler(pid) == SCHED_BATCH); }
        }
    }
}

BOOST_AUTO_TEST_CASE(all_workers_restarted_under_load) {
    Load load(api(), 12, Writes::yes);
    for (int round = 0; round < 5; ++round) {
        load.run_for(300ms);
        const auto former = stack().pids("worker");
        BOOST_TEST(!former.empty());
        stack().signal("worker", SIGTERM);
        wait_for_successors(former);
    }
    BOOST_TEST(eventually([&] { return load.count() > 10000; }, 120s));
    const auto tally = load.stop();
    BOOST_TEST(tally.only_success(), tally.summary());
    BOOST_TEST(tally.total() > 10000);
}

BOOST_AUTO_TEST_CASE(the_script_restarts_workers_without_a_failed_request) {
    Load load(api(), 8, Writes::yes);
    const auto former = stack().pids("worker");
    BOOST_TEST(stack().script({"restart-workers"}).status == 0);
    wait_for_successors(former);
    load.run_for(300ms);
    const auto tally = load.stop();
    BOOST_TEST(tally.only_success(), tally.summary());
}

BOOST_AUTO_TEST_CASE(nginx_reloaded_under_load) {
    Load load(api(), 8, Writes::yes);
    for (int round = 0; round < 3; ++round) {
        load.run_for(200ms);
        BOOST_TEST(stack().script({"reload"}).status == 0);
    }
    load.run_for(500ms);
    const auto tally = load.stop();
    BOOST_TEST(tally.only_success(), tally.summary());
}

BOOST_AUTO_TEST_CASE(killed_workers_cost_no_read) {
    Load load(api(), 8, Writes::no);
    for (int round = 0; round < 10; ++round) {
        load.run_for(150ms);
        const auto workers = stack().pids("worker");
        // One of them, and now and then all of them.
        for (const int pid : workers) {
            stack().kill(pid, SIGKILL);
            if (round % 4 != 3) break;
        }
        BOOST_TEST(eventually([&] {
            const auto now = stack().pids("worker");
            return now.size() == workers.size() && now != workers;
        }));
    }
    load.run_for(300ms);
    const auto tally = load.stop();
    BOOST_TEST(tally.only_success(), tally.summary());
}

BOOST_AUTO_TEST_CASE(killed_workers_apply_no_write_twice) {
    Audit audit;
    std::vector<std::string> own_products;
    for (int i = 0; i < 6; ++i) {
        own_products.push_back(path_of("/products", create("/products", product("own"))));
    }
    std::atomic<bool> done = false;
    std::vector<std::vector<Written>> written(own_products.size());
    std::vector<std::jthread> writers;
    for (std::size_t i = 0; i < own_products.size(); ++i) {
        writers.emplace_back([&, i] { written[i] = write_until(done, i, own_products[i]); });
    }
    for (int round = 0; round < 15; ++round) {
        std::this_thread::sleep_for(150ms);
        const auto workers = stack().pids("worker");
        if (!workers.empty())
            stack().kill(workers[static_cast<std::size_t>(round) % workers.size()], SIGKILL);
    }
    std::this_thread::sleep_for(500ms);
    done = true;
    writers.clear();

    const auto names = audit.names();
    for (std::size_t i = 0; i < own_products.size(); ++i) {
        expect_at_most_once(written[i], names);
        expect_last_put(own_products[i], written[i]);
    }
}

BOOST_AUTO_TEST_CASE(a_failed_write_is_a_problem_document) {
    const auto workers = stack().pids("worker");
    std::atomic<bool> done = false;
    std::vector<Response> failed;
    std::mutex mutex;
    std::vector<std::jthread> clients;
    for (int i = 0; i < 8; ++i) {
        clients.emplace_back([&] {
            while (!done) {
                const auto response = api().post("/items", "{}");
                const std::scoped_lock lock(mutex);
                if (response.status != 201) failed.push_back(response);
            }
        });
    }
    for (int round = 0; round < 10; ++round) {
        std::this_thread::sleep_for(100ms);
        stack().signal("worker", SIGKILL);
    }
    done = true;
    clients.clear();
    for (const auto& response : failed) expect_problem(response, response.status);
    BOOST_TEST(eventually([&] { return api().post("/items", "{}").status == 201; }));
    wait_for_successors(workers);
}

// systemd does so whenever it starts another process on the same socket.
BOOST_AUTO_TEST_CASE(a_listener_that_is_made_blocking_stops_no_worker) {
    OwnWorker worker;
    BOOST_TEST_REQUIRE(eventually([&] { return worker.accepts_without_waiting(); }));
    const int flags = fcntl(worker.listener(), F_GETFL);
    BOOST_TEST_REQUIRE(fcntl(worker.listener(), F_SETFL, flags & ~O_NONBLOCK) == 0);
    const auto before = worker.count_descriptors();
    const int connection = worker.connection();
    BOOST_TEST(eventually([&] { return worker.count_descriptors() > before; }));
    BOOST_TEST(kill(worker.pid(), SIGTERM) == 0);
    BOOST_TEST(eventually([&] { return worker.has_ended(); }));
    close(connection);
}

BOOST_AUTO_TEST_CASE(commands_at_the_same_time_do_not_disturb_each_other) {
    std::vector<std::future<int>> failed;
    for (int client = 0; client < 3; ++client) {
        failed.push_back(std::async(std::launch::async, [] {
            int count = 0;
            for (int i = 0; i < 40; ++i) {
                if (stack().script({"status"}).status != 0) ++count;
            }
            return count;
        }));
    }
    for (auto& of_one : failed) BOOST_TEST(of_one.get() == 0);
}

BOOST_AUTO_TEST_CASE(going_down_lets_every_worker_finish) {
    const auto workers = stack().pids("worker");
    stack().down();
    std::ifstream log(stack().directory() / "stack" / "logs" / "worker.log");
    const std::string text(std::istreambuf_iterator<char>(log), {});
    for (const int pid : workers) {
        BOOST_TEST(text.contains("pid=" + std::to_string(pid) + " event=stopping"));
    }
    stack().up();
}
