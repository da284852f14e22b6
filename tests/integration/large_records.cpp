// Many who read large records at once: each gets what is right, and none of them, however slowly it
// reads, keeps a store thread.
#define BOOST_TEST_MODULE large_records
#include <algorithm>

#include "fixture.hpp"
#include "scrape.hpp"
#include "support/fastcgi_bytes.hpp"
#include "support/raw_socket.hpp"

using namespace larder::test;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t many = 64;
constexpr std::size_t store_threads = 4;

struct LargeStack : SharedStack {
    LargeStack()
        : SharedStack({{"WORKERS", "1"}, {"STORE_THREADS", std::to_string(store_threads)}}) {}
};

/// A body of almost 1 MiB, the default limit, unlike any other.
std::string text_of(std::size_t i) {
    return std::string(1'000'000, static_cast<char>('a' + i % 26)) + std::to_string(i);
}

/// As many large records, of which the cache has none.
std::vector<std::string> cold_records() {
    std::vector<std::string> paths;
    for (std::size_t i = 0; i < many; ++i) {
        paths.push_back(
            path_of("/items", create("/items", R"({"text": ")" + text_of(i) + R"("})")));
    }
    BOOST_TEST(api().post("/cache/clear", "").status == 200);
    return paths;
}

/// 0 if the answer has the text of the record.
int faults_of(const std::string& body, std::size_t i) {
    return body.contains("\"" + text_of(i) + "\"") ? 0 : 1;
}

/// Whether an answer that may be cut off has nothing of another record.
bool is_right_so_far(const std::string& output, std::size_t i) {
    const std::string_view opening = "\"text\": \"";
    const auto start = output.find(opening);
    if (start == output.npos) return output.size() < 1000;
    const auto text = output.substr(start + opening.size(), text_of(i).size());
    return text_of(i).starts_with(text);
}

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(LargeStack);

BOOST_AUTO_TEST_CASE(sixty_four_readers_at_once) {
    const auto paths = cold_records();
    for (const auto* state : {"cold", "warm"}) {
        const auto faults = in_parallel(many, [&](std::size_t i) {
            const auto answer = api().get(paths[i]);
            return answer.status == 200 ? faults_of(answer.body, i) : 1;
        });
        BOOST_TEST_CONTEXT(state) {
            for (const int fault : faults) BOOST_TEST(fault == 0);
        }
    }
    BOOST_TEST(std::stoul(stack().database().value(
                   "SELECT count(*) FROM pg_stat_activity WHERE application_name ="
                   " 'larder-worker'")) <= store_threads + 2);  // with caretaker and watch
}

// Straight to the worker: nginx would read whole answers by itself.
BOOST_AUTO_TEST_CASE(readers_that_do_not_read_keep_no_store_thread) {
    const auto paths = cold_records();
    const auto small = path_of("/items", create("/items", R"({"a": 1})"));
    std::vector<RawSocket> slow;
    for (const auto& path : paths) {
        slow.emplace_back(
            Address{.host = {}, .port = 0, .path = stack().status().at("worker_socket")});
        slow.back().send(
            fastcgi::request(fastcgi::parameters_of("GET", path, 0, "slow"), "", false));
    }
    // Each has the beginning of its answer, so all of them were read.
    std::vector<std::string> begun;
    for (auto& socket : slow) begun.push_back(socket.receive(16, 60s));
    BOOST_TEST(std::ranges::count(begun, std::string()) == 0);
    BOOST_TEST(eventually([] { return Scrape::of(api())["larder_store_threads_busy"] == 0; }));
    for (int i = 0; i < 20; ++i) {
        BOOST_TEST(api().put(small, R"({"a": 2})").status == 200);
        BOOST_TEST(api().get("/items?limit=1").status == 200);
        BOOST_TEST(api().get("/health").status == 200);
    }
    // A worker hangs up on who does not read for long; what it has sent until then is right.
    for (std::size_t i = 0; i < many; ++i) {
        std::string bytes = begun[i];
        for (std::string part; !(part = slow[i].receive(1U << 20U, 20s)).empty();) bytes += part;
        const auto answer = fastcgi::answer_to(bytes);
        BOOST_TEST(is_right_so_far(answer.output, i));
        if (answer.is_whole) BOOST_TEST(faults_of(answer.output, i) == 0);
    }
}
