// contract.md, "Settings": CACHE_TTL_SECONDS, ITEM_CACHE_TTL and LIST_CACHE_TTL. Two stacks, so
// that each lifetime is seen to be its own: what expires in one stays in the other.
#define BOOST_TEST_MODULE expiry
#include "fixture.hpp"

using namespace larder::test;

namespace {

struct Paths {
    std::string employee;
    std::string product;
    std::string item;
    std::string list = "/employees";
};

std::string created(const Client& client, const std::string& collection, const std::string& body) {
    const auto record = expect_json(client.post(collection, body), 201);
    return path_of(collection, record);
}

Paths sample(const Client& client) {
    return {created(client, "/employees", employee("A")),
            created(client, "/products", product("A")), created(client, "/items", "{}")};
}

/// Reads until the answer comes from the cache; a lifetime may end between two reads.
bool becomes_hit(const Client& client, const std::string& path) {
    return eventually([&] { return client.get(path).header("X-Cache") == "HIT"; });
}

/// Whether a cached answer is gone within some seconds, without a write.
bool expires(const Client& client, const std::string& path) {
    return becomes_hit(client, path) &&
           eventually([&] { return client.get(path).header("X-Cache") != "HIT"; });
}

bool stays(const Client& client, const std::string& path) {
    for (int i = 0; i < 20; ++i) {
        std::this_thread::sleep_for(std::chrono::milliseconds(20));
        if (client.get(path).header("X-Cache") != "HIT") return false;
    }
    return true;
}

}  // namespace

BOOST_AUTO_TEST_CASE(items_and_lists_follow_their_own_settings) {
    const Stack own({{"CACHE_TTL_SECONDS", "0"}, {"ITEM_CACHE_TTL", "1"}, {"LIST_CACHE_TTL", "2"}});
    const auto& client = own.client();
    const auto paths = sample(client);
    BOOST_TEST(becomes_hit(client, paths.employee));
    BOOST_TEST(becomes_hit(client, paths.product));
    BOOST_TEST(expires(client, paths.item));
    BOOST_TEST(expires(client, paths.list));
    // 0: no expiry; the two waits above were longer than either lifetime.
    BOOST_TEST(stays(client, paths.employee));
    BOOST_TEST(stays(client, paths.product));
}

BOOST_AUTO_TEST_CASE(records_follow_cache_ttl_and_so_do_items_without_a_setting) {
    const Stack own({{"CACHE_TTL_SECONDS", "1"}, {"LIST_CACHE_TTL", "0"}});
    const auto& client = own.client();
    const auto paths = sample(client);
    BOOST_TEST(becomes_hit(client, paths.list));
    BOOST_TEST(expires(client, paths.employee));
    const auto product_body = client.get(paths.product).body;
    BOOST_TEST(expires(client, paths.product));
    BOOST_TEST(client.get(paths.product).body == product_body);
    BOOST_TEST(expires(client, paths.item));
    BOOST_TEST(stays(client, paths.list));
}
