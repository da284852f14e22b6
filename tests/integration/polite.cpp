#include "polite.hpp"

#include <set>

#include "fixture.hpp"

namespace larder::test {
namespace {

constexpr std::size_t faults_kept = 5;

std::string id_of(const std::string& path) { return path.substr(path.rfind('/') + 1); }

}  // namespace

class PoliteClients::One {
public:
    One(PoliteClients& all, std::size_t number)
        : all_(all), number_(number), mine_(all.paths_[number]) {}

    void run() {
        for (unsigned round = 0; !all_.stopped_; ++round) {
            change(round);
            if (all_.manners_ == Manners::write_only) continue;
            read(mine_);
            read(all_.paths_[(number_ + round) % all_.paths_.size()]);
            if (round % 8 == 0) live_through_one(round);
            if (round % 16 == 0) list();
        }
    }

private:
    /// Whether there is something to check: an answer of this status. Otherwise it is noted.
    bool took(const Response& response, int status, const std::string& what) {
        if (response.status == 503 && response.has("Retry-After")) {
            ++all_.refused_;
            return false;
        }
        ++all_.answered_;
        if (response.status == status) return true;
        fault(what, response);
        return false;
    }

    void fault(const std::string& what, const Response& response) {
        auto& faults = all_.faults_[number_];
        if (faults.size() >= faults_kept) return;
        faults.push_back(what + " -> " + std::to_string(response.status) + ' ' + response.error +
                         ' ' + response.body.substr(0, 300));
    }

    void change(unsigned round) {
        const auto text = "polite " + std::to_string(number_) + ' ' + std::to_string(round);
        const auto response =
            all_.client_.put(mine_, "{\"description\": " + json_string(text) + '}');
        // What was refused may have been done, or be done yet.
        possible_.insert(text);
        if (!took(response, 200, "PUT " + mine_)) return;
        possible_ = {text};
        const auto record = Json::parse(response.body);
        if (record["id"].string() != id_of(mine_) || record["description"].string() != text) {
            fault("PUT " + mine_ + ' ' + text, response);
        }
    }

    void read(const std::string& path) {
        const auto response = all_.client_.get(path);
        if (!took(response, 200, "GET " + path)) return;
        const auto record = Json::parse(response.body);
        const bool is_right = record["id"].string() == id_of(path) &&
                              (path != mine_ || possible_.empty() ||
                               possible_.contains(record["description"].string()));
        if (!is_right) fault("GET " + path, response);
    }

    void live_through_one(unsigned round) {
        const auto name = "once " + std::to_string(number_) + ' ' + std::to_string(round);
        const auto made = all_.client_.post("/products", product(name));
        if (!took(made, 201, "POST " + name)) return;
        const auto record = Json::parse(made.body);
        if (record["name"].string() != name) fault("POST " + name, made);
        const auto path = path_of("/products", record);
        const auto seen = all_.client_.get(path);
        if (took(seen, 200, "GET " + path) && Json::parse(seen.body)["name"].string() != name) {
            fault("GET " + path, seen);
        }
        if (!took(all_.client_.del(path), 204, "DELETE " + path)) return;
        const auto gone = all_.client_.get(path);
        if (took(gone, 404, "GET deleted " + path) && !gone.body.contains(id_of(path))) {
            fault("GET deleted " + path, gone);
        }
    }

    void list() {
        const auto response = all_.client_.get("/products?limit=4");
        if (!took(response, 200, "GET /products?limit=4")) return;
        if (Json::parse(response.body).elements().size() != 4) {
            fault("GET /products?limit=4", response);
        }
    }

    PoliteClients& all_;
    std::size_t number_;
    const std::string& mine_;
    std::set<std::string> possible_;
};

PoliteClients::PoliteClients(const Client& client, std::size_t count, Manners manners)
    : client_(client), manners_(manners), faults_(count) {
    for (std::size_t i = 0; i < count; ++i) {
        const auto made = client.post("/products", product("Polite"));
        paths_.push_back(path_of("/products", Json::parse(made.body)));
    }
    for (std::size_t i = 0; i < count; ++i) {
        threads_.emplace_back([this, i] { One(*this, i).run(); });
    }
}

std::vector<std::string> PoliteClients::stop() {
    stopped_ = true;
    for (auto& thread : threads_) thread.join();
    threads_.clear();
    std::vector<std::string> all;
    for (const auto& faults : faults_) all.insert(all.end(), faults.begin(), faults.end());
    return all;
}

}  // namespace larder::test
