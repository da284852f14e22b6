#include "load.hpp"

#include <sstream>

#include "fixture.hpp"

namespace larder::test {
namespace {

constexpr const char* collections[] = {"/employees", "/products", "/items"};

std::string change(std::size_t collection, long value) {
    constexpr const char* members[] = {"salary", "price", "price"};
    return std::string("{\"") + members[collection] + "\": " + std::to_string(value) + '}';
}

}  // namespace

bool Tally::only_success() const {
    for (const auto& [status, number] : statuses) {
        if (status / 100 != 2) return false;
    }
    return true;
}

long Tally::total() const {
    long sum = 0;
    for (const auto& [status, number] : statuses) sum += number;
    return sum;
}

std::string Tally::summary() const {
    std::ostringstream text;
    for (const auto& [status, number] : statuses) text << number << " of " << status << ' ';
    for (const auto& failure : failures) text << '\n' << failure;
    return text.str();
}

Load::Load(const Client& client, std::size_t clients, Writes writes)
    : client_(client), writes_(writes), tallies_(clients) {
    const std::string bodies[] = {employee("Load"), product("Load"), R"({"name": "Load"})"};
    for (std::size_t i = 0; i < clients * 3; ++i) {
        const auto record = create(collections[i % 3], bodies[i % 3]);
        paths_.push_back(path_of(collections[i % 3], record));
    }
    for (std::size_t i = 0; i < clients; ++i) threads_.emplace_back([this, i] { serve(i); });
}

Load::~Load() { (void)stop(); }

Tally Load::stop() {
    stopped_ = true;
    for (auto& thread : threads_) thread.join();
    threads_.clear();
    Tally sum;
    for (auto& tally : tallies_) {
        for (const auto& [status, number] : tally.statuses) sum.statuses[status] += number;
        sum.failures.insert(sum.failures.end(), tally.failures.begin(), tally.failures.end());
    }
    return sum;
}

void Load::serve(std::size_t number) {
    for (long round = 0; !stopped_; ++round) {
        note(tallies_[number], request(number, round));
        ++count_;
    }
}

// Of eight requests: one POST, one PUT, one PATCH, two reads of a list, three of a record.
Response Load::request(std::size_t number, long round) const {
    const auto collection = static_cast<std::size_t>(round) % 3;
    const auto& own = paths_[number * 3 + collection];
    const long kind = round % 8;
    if (writes_ == Writes::yes) {
        if (kind == 0) return client_.post("/items", change(2, round));
        if (kind == 1) return client_.put(own, change(collection, round));
        if (kind == 2) return client_.patch(own, change(collection, round));
    }
    if (kind == 3) return client_.get("/employees/high-salary");
    if (kind == 4) return client_.get("/products");
    return client_.get(paths_[static_cast<std::size_t>(round) % paths_.size()]);
}

void Load::note(Tally& tally, const Response& response) const {
    ++tally.statuses[response.status];
    if (response.status / 100 != 2 && tally.failures.size() < 3) {
        tally.failures.push_back(std::to_string(response.status) + ' ' + response.error +
                                 response.body.substr(0, 200));
    }
}

}  // namespace larder::test
