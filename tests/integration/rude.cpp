// Clients that hang up at any point, fall silent, or speak neither HTTP nor FastCGI: no worker
// dies, none keeps anything of theirs, and those who keep to the rules get every answer, each its
// own. LARDER_RUDE_SEED repeats what was sent, LARDER_RUDE_SECONDS says for how long.
#define BOOST_TEST_MODULE rude
#include "support/rude_clients.hpp"

#include <iostream>
#include <random>

#include "fixture.hpp"
#include "polite.hpp"
#include "support/worker_state.hpp"

using namespace larder::test;
using namespace std::chrono_literals;

namespace {

struct RudeStack : SharedStack {
    RudeStack() : SharedStack({{"WORKERS", "2"}, {"STORE_THREADS", "4"}}) {
        raise_descriptor_limit();
    }
};

std::uint64_t number_from(const char* variable, std::uint64_t otherwise) {
    const char* text = std::getenv(variable);
    return text == nullptr ? otherwise : std::stoull(text);
}

std::uint64_t seed() {
    static const auto chosen = [] {
        const auto number = number_from("LARDER_RUDE_SEED", std::random_device()());
        std::cout << "LARDER_RUDE_SEED=" << number << std::endl;
        return number;
    }();
    return chosen;
}

std::chrono::seconds duration(unsigned otherwise) {
    return std::chrono::seconds(number_from("LARDER_RUDE_SECONDS", otherwise));
}

RudeTargets targets(const std::vector<std::string>& records) {
    const auto status = stack().status();
    return {.nginx = Address::of_url(status.at("url")),
            .workers = {.host = {}, .port = 0, .path = status.at("worker_socket")},
            .records = records,
            .lists = {"/products", "/items", "/products?limit=1000"}};
}

/// Lists of half a megabyte, so that answers do not fit into a socket's buffer.
void make_lists_long() {
    const auto item = R"({"text": ")" + std::string(50000, 'x') + R"("})";
    for (int i = 0; i < 10; ++i) create("/items", item);
}

/// By process id: what a worker has open when nothing is going on.
std::map<int, std::size_t> descriptors() {
    std::map<int, std::size_t> counts;
    for (const int pid : stack().pids("worker")) counts[pid] = count_descriptors(pid);
    return counts;
}

void expect_no_death() {
    for (const auto& death : stack().take_unasked_deaths()) BOOST_ERROR(death);
}

/// A worker opens connections to PostgreSQL and Redis as it needs them: a few more than at rest.
constexpr std::size_t own_connections = 12;

#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
constexpr std::size_t memory_limit = SIZE_MAX;  // the sanitizer keeps what is freed
#else
constexpr std::size_t memory_limit = 256 * 1024;
#endif

void expect_nothing_kept(const std::map<int, std::size_t>& before) {
    for (const auto& [pid, count] : before) {
        BOOST_TEST_CONTEXT("worker " << pid) {
            BOOST_TEST(
                eventually([&] { return count_descriptors(pid) <= count + own_connections; }, 60s),
                count_descriptors(pid) << " descriptors, " << count << " before");
            BOOST_TEST(resident_memory(pid) < memory_limit);
        }
    }
}

void expect_no_fault(const std::vector<std::string>& faults) {
    for (const auto& fault : faults) BOOST_ERROR(fault);
}

void print(const RudeClients& rude, const PoliteClients& polite) {
    for (const auto& [act, count] : rude.counts()) std::cout << act << '=' << count << ' ';
    std::cout << "polite=" << polite.answered() << " refused=" << polite.refused() << std::endl;
}

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(RudeStack);

// The answer to a reader that has hung up went to a connection that no longer was there.
BOOST_AUTO_TEST_CASE(readers_that_hang_up_while_others_write) {
    PoliteClients polite(api(), 4, Manners::write_only);
    const auto before = descriptors();
    RudeClients rude(targets(polite.paths()),
                     {.clients = 60, .idle = 0, .seed = seed(), .acts = {"get-hang-up"}});
    std::this_thread::sleep_for(duration(6));
    rude.stop();
    print(rude, polite);
    expect_no_fault(polite.stop());
    expect_no_death();
    expect_nothing_kept(before);
}

BOOST_AUTO_TEST_CASE(rudeness_of_every_kind_at_once) {
    make_lists_long();
    PoliteClients polite(api(), 6);
    const auto before = descriptors();
    RudeClients rude(targets(polite.paths()),
                     {.clients = 48, .idle = 2000, .seed = seed() + 1, .acts = {}});
    std::this_thread::sleep_for(duration(12));
    rude.stop();
    print(rude, polite);
    expect_no_fault(polite.stop());
    expect_no_fault(rude.wrong_answers());
    for (const auto& act : rude_acts()) BOOST_TEST(rude.counts()[act] > 0, act << " never done");
    expect_no_death();
    expect_nothing_kept(before);
    BOOST_TEST(api().get("/health").status == 200);
}

BOOST_AUTO_TEST_CASE(silence_on_the_workers_connections) {
    PoliteClients polite(api(), 4);
    const auto before = descriptors();
    const Address workers = targets({}).workers;
    std::vector<RawSocket> silent;
    for (int i = 0; i < 300; ++i) {
        silent.emplace_back(workers);
        if (i % 3 != 0)
            silent.back().send(std::string("\1\1\0\1\0\10\0\0\0\1", 10).substr(0, 1 + i % 10));
    }
    const auto answered = polite.answered();
    BOOST_TEST(eventually([&] { return polite.answered() > answered + 500; }, 60s));
    silent.clear();
    expect_no_fault(polite.stop());
    expect_no_death();
    expect_nothing_kept(before);
}
