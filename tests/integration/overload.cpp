// More than a worker can carry: what waits is bounded, the rest is refused at once, what the cache
// has is served all the same, and what nobody waits for any more costs no query.
#define BOOST_TEST_MODULE overload
#include <span>

#include "open_transaction.hpp"
#include "scrape.hpp"

using namespace larder::test;
using namespace std::chrono_literals;

namespace {

constexpr std::size_t waiting_at_most = 4;

struct SmallStack : SharedStack {
    SmallStack()
        : SharedStack({{"WORKERS", "1"},
                       {"STORE_THREADS", "1"},
                       {"QUEUE_LIMIT", std::to_string(waiting_at_most)}}) {}
};

constexpr auto lock_products = "LOCK TABLE products IN ACCESS EXCLUSIVE MODE";

/// Paths of products that are not in the cache.
std::vector<std::string> cold_products(std::size_t count) {
    std::vector<std::string> paths;
    for (std::size_t i = 0; i < count; ++i) {
        paths.push_back(path_of("/products", create("/products", product("Cold"))));
    }
    BOOST_TEST(api().post("/cache/clear", "").status == 200);
    return paths;
}

/// Clients that read each of the paths, until they have an answer or no more patience.
class Readers {
public:
    explicit Readers(const Client& client, std::span<const std::string> paths)
        : answers_(paths.size()) {
        for (std::size_t i = 0; i < paths.size(); ++i) {
            threads_.emplace_back(
                [&client, &answer = answers_[i], path = paths[i]] { answer = client.get(path); });
        }
    }
    const std::vector<Response>& answers() {
        threads_.clear();
        return answers_;
    }

private:
    std::vector<Response> answers_;
    std::vector<std::jthread> threads_;
};

bool that_many_wait(std::size_t count) {
    return eventually([count] {
        const auto now = Scrape::of(api());
        return now["larder_store_threads_busy"] == 1 &&
               now["larder_store_queue_requests"] == static_cast<double>(count);
    });
}

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(SmallStack);

BOOST_AUTO_TEST_CASE(what_waits_is_bounded_and_the_rest_is_refused_at_once) {
    const auto paths = cold_products(1 + waiting_at_most + 8);
    const auto cached = path_of("/items", create("/items", "{}"));
    const std::span all(paths);
    OpenTransaction locked(lock_products);
    Readers at_work(api(), all.first(1));
    BOOST_TEST_REQUIRE(that_many_wait(0));
    Readers waiting(api(), all.subspan(1, waiting_at_most));
    BOOST_TEST_REQUIRE(that_many_wait(waiting_at_most));

    for (const auto& path : all.subspan(1 + waiting_at_most)) {
        const auto refused = api().get(path);
        expect_problem(refused, 503);
        BOOST_TEST(refused.has("Retry-After"));
    }
    for (const auto& refused :
         {api().post("/items", "{}"), api().put(cached, R"({"a": 1})"), api().get("/employees")}) {
        expect_problem(refused, 503);
        BOOST_TEST(refused.has("Retry-After"));
    }
    BOOST_TEST(api().get(cached).header("X-Cache") == "HIT");
    BOOST_TEST(api().get("/user/Alice").status == 200);

    locked.release();
    for (const auto& answer : at_work.answers()) BOOST_TEST(answer.status == 200);
    for (const auto& answer : waiting.answers()) BOOST_TEST(answer.status == 200);
    for (const auto& path : paths) BOOST_TEST(api().get(path).status == 200);
    BOOST_TEST(expect_json(api().get(cached), 200)["a"].is(Json::Kind::missing));
}

// nginx's own patience (fastcgi_read_timeout) ends in the same way: it hangs up.
BOOST_AUTO_TEST_CASE(what_nobody_waits_for_costs_no_query) {
    const auto paths = cold_products(1 + waiting_at_most);
    const auto abandoned = [] { return Scrape::of(api())["larder_http_requests_abandoned_total"]; };
    const auto before = abandoned();
    const std::span all(paths);
    const Client impatient(stack().status().at("url"), {.timeout = 1s});
    OpenTransaction locked(lock_products);
    Readers at_work(api(), all.first(1));
    BOOST_TEST_REQUIRE(that_many_wait(0));
    Readers waiting(impatient, all.subspan(1));
    for (const auto& answer : waiting.answers()) BOOST_TEST(answer.status == 0);
    // Once this is answered the worker has heard that the others are gone.
    for (int i = 0; i < 20; ++i) BOOST_TEST(api().get("/user").status == 200);
    locked.release();
    for (const auto& answer : at_work.answers()) BOOST_TEST(answer.status == 200);
    BOOST_TEST(eventually([&] { return abandoned() == before + waiting_at_most; }));
    // What had been read would be in the cache now.
    BOOST_TEST(api().get(paths.front()).header("X-Cache") == "HIT");
    for (const auto& path : all.subspan(1)) BOOST_TEST(api().get(path).header("X-Cache") == "MISS");
}
