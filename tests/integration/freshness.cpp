#include "freshness.hpp"

#include "fixture.hpp"

namespace larder::test {
namespace {

struct Kind {
    const char* collection;
    const char* member;
};

constexpr Kind kinds[] = {{"/employees", "salary"}, {"/products", "price"}, {"/items", "number"}};

const char* member_of(const std::string& collection) {
    for (const auto& kind : kinds) {
        if (kind.collection == collection) return kind.member;
    }
    return "";
}

std::string change(const std::string& collection, long number) {
    return std::string("{\"") + member_of(collection) + "\": " + std::to_string(number) + '}';
}

/// The record in an answer: an item's stands in a member of its own.
const Json& record_in(const Json& body, bool in_list, const std::string& id) {
    if (!in_list) return body.contains("item") ? body["item"] : body;
    const Json& all = body.contains("items") ? body["items"] : body;
    for (const auto& record : all.elements()) {
        if (record["id"].text() == id) return record;
    }
    return body;
}

}  // namespace

Freshness::Freshness(const Client& client) : client_(client) {
    const std::string bodies[] = {employee("Fresh"), product("Fresh"), R"({"name": "Fresh"})"};
    for (std::size_t i = 0; i < 6; ++i) {
        auto& record = *records_.emplace_back(std::make_unique<Record>());
        record.collection = kinds[i % 3].collection;
        const auto created = expect_json(client_.post(record.collection, bodies[i % 3]), 201);
        record.id = created["id"].text();
        record.path = path_of(record.collection, created);
        (void)client_.put(record.path, change(record.collection, 0));
    }
    for (auto& record : records_) {
        start([this, &record] { write(*record); });
        start([this, &record] { read(*record, false); });
        start([this, &record] { read(*record, true); });
    }
}

Freshness::~Freshness() { (void)stop(); }

template <class Work>
void Freshness::start(Work work) {
    threads_.emplace_back([this, work] {
        while (!stopped_) work();
    });
}

std::string Freshness::stop() {
    stopped_ = true;
    for (auto& thread : threads_) thread.join();
    threads_.clear();
    std::string text;
    for (const auto& complaint : complaints_) text += complaint + '\n';
    return text;
}

void Freshness::write(Record& record) {
    const long number = record.answered + 1;
    const auto response = client_.put(record.path, change(record.collection, number));
    if (response.status == 200) {
        record.answered = number;
    } else {
        complain("PUT " + record.path + ": " + std::to_string(response.status) + response.error);
    }
    ++writes_;
}

void Freshness::read(const Record& record, bool in_list) {
    const auto& path = in_list ? record.collection : record.path;
    const long least = record.answered;
    const auto response = client_.get(path);
    ++reads_;
    if (response.status != 200) {
        complain("GET " + path + ": " + std::to_string(response.status) + response.error);
        return;
    }
    const auto body = Json::parse(response.body);
    const auto text = record_in(body, in_list, record.id)[member_of(record.collection)].text();
    if (text.empty() || std::stol(text) < least) {
        complain("GET " + path + ": " + record.id + " has " + text + " after " +
                 std::to_string(least));
    }
}

std::map<std::string, long> Freshness::answered() const {
    std::map<std::string, long> numbers;
    for (const auto& record : records_) numbers[record->path] = record->answered;
    return numbers;
}

long Freshness::number_in(const std::string& path, const std::string& body) {
    const auto collection = path.substr(0, path.rfind('/'));
    const auto document = Json::parse(body);
    const std::string text = record_in(document, false, "")[member_of(collection)].text();
    return text.empty() ? -1 : std::stol(text);
}

void Freshness::complain(const std::string& what) {
    const std::scoped_lock lock(mutex_);
    if (complaints_.size() < 20) complaints_.push_back(what);
}

}  // namespace larder::test
