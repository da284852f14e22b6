#pragma once

#include <chrono>
#include <random>
#include <span>
#include <string>

#include "rude_clients.hpp"

namespace larder::test {

/// One rude client while it does one thing.
struct RudeClient {
    const RudeTargets& targets;
    std::mt19937_64& random;
    std::string wrong_answer = {};  ///< set by an act that got an answer of somebody else's

    std::size_t below(std::size_t bound) { return random() % bound; }
    bool coin() { return below(2) == 0; }
    const std::string& some_record() { return targets.records[below(targets.records.size())]; }
    const std::string& some_list() { return targets.lists[below(targets.lists.size())]; }
    std::string some_body() {
        return R"({"stock_quantity": )" + std::to_string(below(1000000)) + '}';
    }
    /// For up to `longest`, in steps of 0.1 ms.
    void wait(std::chrono::microseconds longest);
    /// FIN or RST.
    void hang_up(RawSocket& socket);
    /// Sends a part of the bytes, of random length.
    void send_part(RawSocket& socket, std::string_view bytes);
};

struct RudeAct {
    const char* name;
    bool to_workers;
    void (*perform)(RudeClient&);
};

std::span<const RudeAct> http_acts();
std::span<const RudeAct> fastcgi_acts();

}  // namespace larder::test
