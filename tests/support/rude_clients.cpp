#include "rude_clients.hpp"

#include <sys/resource.h>

#include <algorithm>
#include <thread>

#include "rude_acts.hpp"

namespace larder::test {
namespace {

constexpr std::size_t wrong_answers_kept = 20;

std::vector<RudeAct> all_acts() {
    std::vector<RudeAct> acts(http_acts().begin(), http_acts().end());
    acts.insert(acts.end(), fastcgi_acts().begin(), fastcgi_acts().end());
    return acts;
}

}  // namespace

void RudeClient::wait(std::chrono::microseconds longest) {
    const auto steps = static_cast<std::size_t>(longest.count() / 100 + 1);
    std::this_thread::sleep_for(std::chrono::microseconds(100) * below(steps));
}

void RudeClient::hang_up(RawSocket& socket) { coin() ? socket.reset() : socket.close(); }

void RudeClient::send_part(RawSocket& socket, std::string_view bytes) {
    socket.send(bytes.substr(0, 1 + below(bytes.size() - 1)));
}

std::vector<std::string> rude_acts() {
    std::vector<std::string> names;
    for (const auto& act : all_acts()) names.emplace_back(act.name);
    return names;
}

RudeClients::RudeClients(RudeTargets targets, RudeOptions options)
    : targets_(std::move(targets)), options_(std::move(options)) {
    for (unsigned i = 0; i < options_.idle; ++i) idle_.emplace_back(targets_.nginx);
    for (unsigned i = 0; i < options_.clients; ++i) {
        threads_.emplace_back(
            [this, i](const std::stop_token& stop) { run(stop, options_.seed * 100000 + i); });
    }
}

void RudeClients::run(const std::stop_token& stop, std::uint64_t seed) {
    std::mt19937_64 random(seed);
    auto acts = all_acts();
    std::erase_if(acts, [this](const RudeAct& act) {
        const bool out_of_reach = act.to_workers && targets_.workers.path.empty();
        const bool left_out = !options_.acts.empty() &&
                              std::ranges::find(options_.acts, act.name) == options_.acts.end();
        return out_of_reach || left_out;
    });
    while (!stop.stop_requested() && !acts.empty()) {
        RudeClient client{.targets = targets_, .random = random};
        const auto& act = acts[client.below(acts.size())];
        act.perform(client);
        const std::scoped_lock lock(mutex_);
        ++counts_[act.name];
        if (client.wrong_answer.empty() || wrong_answers_.size() >= wrong_answers_kept) continue;
        wrong_answers_.push_back(std::string(act.name) + ": " + client.wrong_answer);
    }
}

void RudeClients::stop() {
    for (auto& thread : threads_) thread.request_stop();
    threads_.clear();
    idle_.clear();
}

std::map<std::string, unsigned long> RudeClients::counts() const {
    const std::scoped_lock lock(mutex_);
    return counts_;
}

std::vector<std::string> RudeClients::wrong_answers() const {
    const std::scoped_lock lock(mutex_);
    return wrong_answers_;
}

void raise_descriptor_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) != 0) return;
    limit.rlim_cur = limit.rlim_max;
    setrlimit(RLIMIT_NOFILE, &limit);
}

}  // namespace larder::test
