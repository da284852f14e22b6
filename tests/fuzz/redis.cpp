#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>

#include <array>
#include <cstring>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "cache/record_cache.hpp"
#include "fuzz/input.hpp"
#include "fuzz/target.hpp"
#include "unit/temporary_directory.hpp"

using namespace larder;

namespace {

constexpr std::uint64_t epoch = 7;
constexpr std::string_view run_id = "0123456789012345678901234567890123456789";

/// A server that says the same to every client, at once and unasked, and then no more. It serves
/// one client at a time, from a thread of its own that ends with the process.
class Server {
public:
    Server() : path_(directory_.path() / "redis") {
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        std::strncpy(address.sun_path, path_.c_str(), sizeof(address.sun_path) - 1);
        listener_ = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);
        MUST(bind(listener_, reinterpret_cast<const sockaddr*>(&address), sizeof(address)) == 0);
        MUST(listen(listener_, 8) == 0);
        std::thread([this] { serve(); }).detach();
    }

    void say(std::string words) {
        const std::lock_guard lock(mutex_);
        words_ = std::move(words);
    }
    RedisAddress address() const {
        RedisAddress address;
        address.socket = path_;
        return address;
    }
    std::string directory() const { return directory_.path(); }

private:
    void serve() {
        for (;;) {
            const int client = accept4(listener_, nullptr, nullptr, SOCK_CLOEXEC);
            if (client < 0) continue;
            talk(client);
            close(client);
        }
    }
    void talk(int client) {
        std::string words;
        {
            const std::lock_guard lock(mutex_);
            words = words_;
        }
        std::string_view rest = words;
        while (!rest.empty()) {
            const ssize_t sent = send(client, rest.data(), rest.size(), MSG_NOSIGNAL);
            if (sent <= 0) return;
            rest.remove_prefix(static_cast<std::size_t>(sent));
        }
        shutdown(client, SHUT_WR);
        std::array<char, 4096> ignored{};
        while (read(client, ignored.data(), ignored.size()) > 0) {
        }
    }

    TemporaryDirectory directory_;
    std::string path_;
    int listener_ = -1;
    std::mutex mutex_;
    std::string words_;
};

std::string bulk(std::string_view text) {
    return "$" + std::to_string(text.size()) + "\r\n" + std::string(text) + "\r\n";
}

/// What Redis says to a client that connects and loads the scripts.
std::string greeting() {
    std::string words = bulk("# Server\r\nrun_id:" + std::string(run_id) + "\r\nrole:master\r\n");
    for (int script = 0; script < 4; ++script) words += bulk(std::string(40, 'a'));
    return words;
}

void use(RecordCache& cache, unsigned what) {
    const std::array<std::string, 2> keys = {"employees:1", "employees:2"};
    const std::array<std::string_view, 2> names = {keys[0], keys[1]};
    switch (what % 8) {
        case 0: {
            const auto values = cache.read(names);
            MUST(values.empty() || values.size() == names.size());
            break;
        }
        case 1: {
            const auto leases = cache.lease(epoch, keys, "token");
            MUST(leases.of.empty() || leases.of.size() == keys.size());
            break;
        }
        case 2: {
            cache.fence(keys, "token");
            break;
        }
        case 3: {
            RecordCache::Fills fills{.token = "token"};
            for (const auto& key : keys) fills.add(key, "{}");
            cache.fill(epoch, fills);
            break;
        }
        case 4: cache.ping(); break;
        case 5:
            if (cache.connect()) cache.raise(epoch);
            break;
        case 6: cache.remove_other_epochs(epoch); break;
        default: cache.connect(); break;
    }
}

struct World {
    Server server;
    std::unique_ptr<MetricsMemory> memory = std::move(*MetricsMemory::open(server.directory()));
    Metrics metrics{*memory};
};

}  // namespace

// Redis may say whatever it wants: the cache answers with what was asked for, or with nothing.
// First byte: whether it says something sensible first; then how many calls are made and which.
FUZZ_TARGET(redis) {
    static World& world = *new World;
    fuzz::Input decisions(input);
    std::string words = decisions.flag() ? "" : greeting();
    std::array<unsigned, 3> calls{};
    for (unsigned& call : calls) call = decisions.byte();
    words += decisions.rest();
    world.server.say(std::move(words));
    SharedState state{};
    Trust trust(state);
    trust.begin(epoch, run_id);
    trust.complete(epoch);
    constexpr std::chrono::seconds generous{10};
    RecordCache cache(trust, world.metrics, world.server.address(), generous);
    if (decisions.flag()) cache.connect();
    for (const unsigned call : calls) use(cache, call);
}
