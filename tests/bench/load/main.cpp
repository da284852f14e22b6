// larder-load: HTTP load on a server of this host; prints what it measured as a line of JSON.

#include <fmt/format.h>
#include <fmt/ranges.h>
#include <sys/resource.h>
#include <CLI/CLI.hpp>

#include <algorithm>
#include <charconv>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <memory>
#include <string>
#include <string_view>
#include <thread>
#include <vector>

#include "client.hpp"

namespace {

using namespace larder::bench;

constexpr std::chrono::milliseconds lead_time{20};  // for the threads to get going

void raise_file_limit() {
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) {
        limit.rlim_cur = limit.rlim_max;
        setrlimit(RLIMIT_NOFILE, &limit);
    }
}

std::string read_file(const std::string& path) {
    std::ifstream file(path, std::ios::binary);
    return {std::istreambuf_iterator<char>(file), std::istreambuf_iterator<char>()};
}

/// In the file each request comes after a line with its length in bytes.
std::vector<std::string_view> split_requests(std::string_view text) {
    std::vector<std::string_view> requests;
    while (!text.empty()) {
        std::size_t length = 0;
        const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), length);
        const auto start = static_cast<std::size_t>(end - text.data()) + 1;
        if (error != std::errc() || length == 0 || start + length > text.size()) {
            throw std::runtime_error("this is no file of requests");
        }
        requests.push_back(text.substr(start, length));
        text.remove_prefix(start + length);
    }
    if (requests.empty()) throw std::runtime_error("there is no request in the file");
    return requests;
}

/// Every thread asks every `threads`-th request.
std::vector<std::vector<std::string_view>> deal(const std::vector<std::string_view>& requests,
                                                unsigned threads) {
    std::vector<std::vector<std::string_view>> hands(threads);
    for (std::size_t i = 0; i < requests.size(); ++i) hands[i % threads].push_back(requests[i]);
    return hands;
}

Tally run_all(Options options, const std::vector<std::string_view>& requests, unsigned threads,
              std::chrono::duration<double> length, Clock::time_point& start) {
    const auto useful = std::min<std::size_t>(options.connections, requests.size());
    threads = std::min(threads, static_cast<unsigned>(useful));
    const auto hands = deal(requests, threads);
    const unsigned connections = options.connections;
    options.rate /= threads;
    std::vector<std::unique_ptr<Client>> clients;
    clients.reserve(threads);
    for (unsigned i = 0; i < threads; ++i) {
        options.connections = connections / threads + (i < connections % threads ? 1 : 0);
        clients.push_back(std::make_unique<Client>(options, hands[i]));
    }
    start = Clock::now() + lead_time;
    const auto end = start + std::chrono::duration_cast<Clock::duration>(length);
    std::vector<Tally> tallies(threads);
    {
        std::vector<std::jthread> running;
        running.reserve(threads);
        for (unsigned i = 0; i < threads; ++i) {
            running.emplace_back([&, i] { tallies[i] = clients[i]->run(start, end); });
        }
    }
    Tally sum = tallies.front();
    for (unsigned i = 1; i < threads; ++i) {
        sum.latency.merge(tallies[i].latency);
        sum.refusals.merge(tallies[i].refusals);
        for (const auto& [status, count] : tallies[i].statuses) sum.statuses[status] += count;
        sum.broken += tallies[i].broken;
        sum.late_refusals += tallies[i].late_refusals;
        sum.skipped += tallies[i].skipped;
        sum.last = std::max(sum.last, tallies[i].last);
    }
    return sum;
}

std::string quantiles(const Histogram& latency) {
    return fmt::format(R"({{"p50": {}, "p99": {}, "p99.9": {}, "max": {}}})", latency.quantile(0.5),
                       latency.quantile(0.99), latency.quantile(0.999), latency.largest());
}

void print(const Tally& tally, double seconds) {
    std::vector<std::string> statuses;
    statuses.reserve(tally.statuses.size());
    for (const auto& [status, count] : tally.statuses) {
        statuses.push_back(fmt::format("\"{}\": {}", status, count));
    }
    fmt::print(
        R"({{"requests": {}, "seconds": {:.6f}, "broken": {}, "refused": {}, )"
        R"("late_refusals": {}, "skipped": {}, "statuses": {{{}}}, "latency_us": {}, "refusal_us": {}}})"
        "\n",
        tally.latency.total(), seconds, tally.broken, tally.refusals.total(), tally.late_refusals,
        tally.skipped, fmt::join(statuses, ", "), quantiles(tally.latency),
        quantiles(tally.refusals));
}

}  // namespace

int main(int argc, char** argv) {
    CLI::App app("HTTP load on a port of 127.0.0.1, over kept connections.");
    Options options;
    double seconds = 5;
    unsigned threads = std::clamp(std::thread::hardware_concurrency(), 1U, 2U);
    std::string path;
    app.add_option("--port", options.port, "Port of the server")->required();
    app.add_option("--requests", path, "File of requests, each after a line with its length")
        ->required()
        ->check(CLI::ExistingFile);
    app.add_option("--connections", options.connections, "Open connections")
        ->check(CLI::PositiveNumber);
    app.add_option("--seconds", seconds, "Length of the load")->check(CLI::PositiveNumber);
    app.add_option("--rate", options.rate,
                   "Requests per second, due at fixed times; 0: a connection asks again once"
                   " it was answered")
        ->check(CLI::NonNegativeNumber);
    app.add_flag("--once", options.once, "Ask each request once, then end");
    app.add_flag("--impatient", options.impatient,
                 "At a fixed rate, skip what is due while all connections wait");
    app.add_option("--threads", threads, "Threads")->check(CLI::PositiveNumber);
    CLI11_PARSE(app, argc, argv);

    try {
        raise_file_limit();
        const std::string text = read_file(path);
        const auto requests = split_requests(text);
        Clock::time_point start;
        const Tally tally =
            run_all(options, requests, threads, std::chrono::duration<double>(seconds), start);
        const std::chrono::duration<double> spent = tally.last - start;
        const bool is_cut = options.rate == 0 && !options.once;
        print(tally, is_cut ? seconds : std::max(spent.count(), 1e-6));
        return EXIT_SUCCESS;
    } catch (const std::exception& error) {
        fmt::print(stderr, "larder-load: {}\n", error.what());
        return EXIT_FAILURE;
    }
}
