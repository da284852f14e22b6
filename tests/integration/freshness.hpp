#pragma once

#include <atomic>
#include <chrono>
#include <map>
#include <memory>
#include <mutex>
#include <string>
#include <thread>
#include <vector>

#include "support/http.hpp"

namespace larder::test {

/// Clients that write a rising number to records, and others that read them, alone and in lists,
/// and note every answer that is not 2xx and every number that is lower than one whose write was
/// answered before the read was sent. Until stopped.
class Freshness {
public:
    /// Makes records through `client`, which must outlive this, and starts the clients.
    explicit Freshness(const Client& client);
    ~Freshness();
    Freshness(const Freshness&) = delete;
    Freshness& operator=(const Freshness&) = delete;

    /// Lets the clients work for a while.
    void run_for(std::chrono::milliseconds time) const { std::this_thread::sleep_for(time); }

    /// Ends the clients, and says what was wrong, a line each; empty: nothing.
    std::string stop();

    /// Of every record the path and the last number whose write was answered.
    [[nodiscard]] std::map<std::string, long> answered() const;
    /// The number in an answer to GET of a record's path; -1 if there is none.
    [[nodiscard]] static long number_in(const std::string& path, const std::string& body);

    [[nodiscard]] long writes() const { return writes_; }
    [[nodiscard]] long reads() const { return reads_; }

private:
    struct Record {
        std::string collection;
        std::string path;
        std::string id;
        std::atomic<long> answered = 0;
    };

    void write(Record& record);
    void read(const Record& record, bool in_list);
    void complain(const std::string& what);
    template <class Work>
    void start(Work work);

    const Client& client_;
    std::vector<std::unique_ptr<Record>> records_;
    std::atomic<bool> stopped_ = false;
    std::atomic<long> writes_ = 0;
    std::atomic<long> reads_ = 0;
    std::mutex mutex_;  // guards complaints_
    std::vector<std::string> complaints_;
    std::vector<std::thread> threads_;
};

}  // namespace larder::test
