// The links by which nginx finds out who may read a list. That nginx makes the same names is for
// tests/integration/rights.cpp to show.
#include "access/links.hpp"

#include <boost/test/unit_test.hpp>

#include <filesystem>
#include <string>
#include <vector>

#include "temporary_directory.hpp"

using namespace larder;
using namespace larder::access;
namespace fs = std::filesystem;

namespace {

constexpr std::int64_t now = 1764355123;
const std::string period = "17643551";
const std::vector<std::string> two = {"employees", "products"};

struct Host {
    Host() { BOOST_REQUIRE(generation.prepare().has_value()); }

    /// Where a client finds a list, as nginx looks for it.
    fs::path way(const std::string& client, const std::string& collection,
                 const std::string& in = period) const {
        return directory.path() / "access" / in / client / collection;
    }
    bool finds(const std::string& client, const std::string& collection,
               const std::string& in = period) const {
        std::error_code error;
        return fs::equivalent(way(client, collection, in), directory.path(), error);
    }

    TemporaryDirectory directory;
    Generation generation{directory.path()};
    Links links{generation};
};

}  // namespace

BOOST_AUTO_TEST_SUITE(access_links)

BOOST_AUTO_TEST_CASE(a_client_has_a_name_that_no_other_client_has) {
    const std::string long_part(200, 'x');
    BOOST_TEST(client_name("abc.DEF-_~+=").value() == "tabc.DEF-_~+=");
    BOOST_TEST(client_name(".").value() == "t.");
    BOOST_TEST(client_name("..").value() == "t..");
    BOOST_TEST(client_name(long_part).value() == "t" + long_part);
    BOOST_TEST(client_name(long_part + "y").value() == "d" + long_part + "/ty");
    BOOST_TEST(client_name(std::string(2000, 'x')).value().size() == 2000U + 10 + 9);
    for (const auto& text :
         {std::string(), std::string("a/b"), std::string("a b"), std::string("a\0b", 3),
          std::string("\xc3\xa4"), std::string("a\n"), std::string(2001, 'x')}) {
        BOOST_TEST(!client_name(text).has_value(), text);
    }
}

BOOST_AUTO_TEST_CASE(a_link_leads_to_what_may_be_read_and_to_nothing_else) {
    Host host;
    host.links.make(host.generation.current(), "ta", two, std::nullopt, now);
    BOOST_TEST(host.finds("ta", "employees"));
    BOOST_TEST(host.finds("ta", "products"));
    BOOST_TEST(!host.finds("ta", "items"));
    BOOST_TEST(!host.finds("tb", "employees"));
    BOOST_TEST(!host.finds("ta", "employees", "17643552"));
    const std::string name = client_name(std::string(450, 'x')).value();
    host.links.make(host.generation.current(), name, two, std::nullopt, now);
    BOOST_TEST(host.finds(name, "products"));
}

BOOST_AUTO_TEST_CASE(several_processes_make_the_same_ones) {
    Host host;
    Links others(host.generation);
    for (Links* links : {&host.links, &others}) {
        links->make(host.generation.current(), "ta", two, std::nullopt, now);
        links->make(host.generation.current(), "tb", std::vector<std::string>{"items"},
                    std::nullopt, now);
    }
    BOOST_TEST(host.finds("ta", "products"));
    BOOST_TEST(host.finds("tb", "items"));
    BOOST_TEST(!host.finds("tb", "products"));
}

BOOST_AUTO_TEST_CASE(a_link_does_not_outlive_its_token) {
    Host host;
    const std::int64_t end = 1764355200;
    host.links.make(host.generation.current(), "ta", two, end, now);
    host.links.make(host.generation.current(), "tb", two, end + clock_margin - 1, now);
    BOOST_TEST(!host.finds("ta", "products"));
    BOOST_TEST(!host.finds("tb", "products"));
    host.links.make(host.generation.current(), "tc", two, end + clock_margin, now);
    BOOST_TEST(host.finds("tc", "products"));
}

BOOST_AUTO_TEST_CASE(a_late_link_is_of_a_former_generation) {
    Host host;
    const std::string former = host.generation.current();
    host.links.make(former, "ta", two, std::nullopt, now);
    BOOST_REQUIRE(host.generation.swap());
    BOOST_TEST(!host.finds("ta", "products"));
    host.links.make(former, "tb", two, std::nullopt, now);
    BOOST_TEST(!host.finds("tb", "products"));
    host.links.make(host.generation.current(), "ta", two, std::nullopt, now);
    BOOST_TEST(host.finds("ta", "products"));
}

BOOST_AUTO_TEST_CASE(they_are_bounded_and_made_anew_in_each_period) {
    Host host;
    Links links(host.generation, 1);
    links.make(host.generation.current(), "ta", two, std::nullopt, now);
    links.make(host.generation.current(), "tb", two, std::nullopt, now);
    BOOST_TEST(host.finds("ta", "products"));
    BOOST_TEST(!host.finds("tb", "products"));
    links.make(host.generation.current(), "tb", two, std::nullopt, now + period_seconds);
    BOOST_TEST(host.finds("tb", "products", "17643552"));
}

BOOST_AUTO_TEST_CASE(who_may_read_nothing_has_no_link) {
    Host host;
    host.links.make(host.generation.current(), "ta", {}, std::nullopt, now);
    BOOST_TEST(!fs::exists(host.directory.path() / "access" / period));
}

BOOST_AUTO_TEST_CASE(old_periods_are_swept) {
    Host host;
    host.links.make(host.generation.current(), "ta", two, std::nullopt, now - 200);
    host.links.make(host.generation.current(), "ta", two, std::nullopt, now - 100);
    host.links.make(host.generation.current(), "ta", two, std::nullopt, now);
    Links::sweep(host.generation, now);
    BOOST_TEST(!fs::exists(host.directory.path() / "access" / "17643549"));
    BOOST_TEST(host.finds("ta", "products", "17643550"));
    BOOST_TEST(host.finds("ta", "products"));
    BOOST_TEST(fs::exists(host.directory.path() / "access" / "roles"));
}

BOOST_AUTO_TEST_SUITE_END()
