// contract.md, "Products": text of the real world comes back byte by byte. Every record of Debian's
// package index, a few thousand of them with names from many scripts, is posted as a product over
// eight connections and read back, alone and in the list. The argument `all` after `--` takes the
// whole index instead of a sample.
#define BOOST_TEST_MODULE corpus
#include "fixture.hpp"

#include <algorithm>
#include <map>

using namespace larder::test;

BOOST_TEST_GLOBAL_FIXTURE(SharedStack);

namespace {

constexpr std::size_t sample_size = 5000;
constexpr std::size_t connections = 8;
constexpr std::size_t longest_description = 10000;

struct Package {
    std::string name;
    std::string record;
};

bool takes_all() {
    const auto& suite = boost::unit_test::framework::master_test_suite();
    return suite.argc > 1 && std::string_view(suite.argv[1]) == "all";
}

std::vector<Package> packages() {
    const auto index = run({"apt-cache", "dumpavail"});
    BOOST_REQUIRE_MESSAGE(index.status == 0, "apt-cache dumpavail failed: " << index.output);
    std::vector<Package> found;
    std::string_view rest = index.output;
    while (!rest.empty()) {
        const auto record = rest.substr(0, rest.find("\n\n"));
        rest.remove_prefix(std::min(rest.size(), record.size() + 2));
        constexpr std::string_view key = "Package: ";
        if (!record.starts_with(key)) continue;
        const auto name = record.substr(key.size(), record.find('\n') - key.size());
        found.push_back({std::string(name), std::string(record)});
    }
    BOOST_REQUIRE_MESSAGE(found.size() > 1000, "the package index has only "
                                                   << found.size()
                                                   << " records: run apt-get update");
    return found;
}

std::vector<Package> corpus() {
    auto all = packages();
    if (takes_all() || all.size() <= sample_size) return all;
    std::vector<Package> sample;
    for (std::size_t i = 0; i < sample_size; ++i) {
        sample.push_back(std::move(all[i * all.size() / sample_size]));
    }
    return sample;
}

/// At most as many code points as a description may have.
std::string cut(const std::string& text) {
    std::size_t characters = 0;
    for (std::size_t i = 0; i < text.size(); ++i) {
        const bool begins = (static_cast<unsigned char>(text[i]) & 0xC0) != 0x80;
        if (begins && ++characters > longest_description) return text.substr(0, i);
    }
    return text;
}

std::string price_of(std::size_t number) {
    const auto cents = std::to_string(100 + number % 100);
    return std::to_string(number / 100) + '.' + cents.substr(1);
}

std::string body_of(const std::string& name, const std::string& description, std::size_t number) {
    return "{\"name\": " + json_string(name) + ", \"description\": " + json_string(description) +
           ", \"price\": " + price_of(number) + ", \"stock_quantity\": " + std::to_string(number) +
           '}';
}

/// "" if the record is that of this package, or else what is wrong with it.
std::string fault(const Json& record, const Package& package, std::size_t number) {
    if (record["name"].string() != package.name) return "name " + record["name"].string();
    if (record["description"].string() != cut(package.record)) return "description";
    if (record["price"].number() != price_of(number)) return "price " + record["price"].text();
    return record["stock_quantity"].number() == std::to_string(number) ? "" : "stock_quantity";
}

struct Posted {
    std::vector<std::string> ids;
    std::vector<std::string> faults;
};

/// Posts every package whose number is `first` modulo the number of connections, and reads it back.
Posted post_share(const std::vector<Package>& all, std::size_t first) {
    const Client client(api().base_url(), {.keep_connection_for_writes = true});
    Posted posted;
    for (std::size_t i = first; i < all.size(); i += connections) {
        const auto description = cut(all[i].record);
        const bool too_long = description.size() != all[i].record.size();
        if (too_long &&
            client.post("/products", body_of(all[i].name, all[i].record, i)).status != 422) {
            posted.faults.push_back(all[i].name + ": too long, but not refused");
        }
        const auto created = client.post("/products", body_of(all[i].name, description, i));
        const auto record = Json::parse(created.body);
        posted.ids.push_back(record["id"].text());
        const auto path = "/products/" + record["id"].text();
        for (const auto& got : {created, client.get(path), client.get(path)}) {
            const auto wrong = fault(Json::parse(got.body), all[i], i);
            if (wrong.empty() && got.header("ETag") == created.header("ETag")) continue;
            posted.faults.push_back(all[i].name + ": " + wrong + ' ' + std::to_string(got.status) +
                                    got.error + got.body.substr(0, 200));
        }
    }
    return posted;
}

std::map<std::string, Json> records_by_id(const Json& list) {
    std::map<std::string, Json> records;
    for (const auto& record : list.elements()) records.emplace(record["id"].text(), record);
    return records;
}

}  // namespace

BOOST_AUTO_TEST_CASE(every_package_comes_back_as_it_was_posted) {
    const auto all = corpus();
    BOOST_TEST_MESSAGE(all.size() << " packages");
    const auto shares =
        in_parallel(connections, [&](std::size_t first) { return post_share(all, first); });
    for (const auto& share : shares) {
        BOOST_TEST(share.faults.empty());
        for (std::size_t i = 0; i < std::min<std::size_t>(share.faults.size(), 5); ++i) {
            BOOST_TEST_MESSAGE(share.faults[i]);
        }
    }

    const auto records = records_by_id(expect_json(api().get("/products"), 200));
    std::size_t missing = 0;
    for (std::size_t i = 0; i < all.size(); ++i) {
        const auto& id = shares[i % connections].ids[i / connections];
        const auto found = records.find(id);
        missing += found != records.end() && fault(found->second, all[i], i).empty() ? 0 : 1;
    }
    BOOST_TEST(missing == 0U);
}
