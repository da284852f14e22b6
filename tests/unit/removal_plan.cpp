#include "records/removal_plan.hpp"

#include <boost/test/unit_test.hpp>

#include <deque>
#include <fstream>
#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "catalog/catalog.hpp"
#include "records/services.hpp"
#include "temporary_directory.hpp"

using namespace larder;

namespace {

/// Resources `a`, `b`, …, each with references that are written as `to:action`.
class Catalogue {
public:
    explicit Catalogue(const std::vector<std::vector<std::string>>& references) {
        char name = 'a';
        for (const auto& own : references) {
            std::ofstream file(directory_.path() / (std::string(1, name) + ".toml"));
            file << "title = \"" << static_cast<char>(name++) << "\"\nid = \"uuid\"\n[fields]\n";
            file << "name = { type = \"text\" }\n";
            for (const auto& one : own) {
                file << "to_" << one[0] << one[2] << " = { type = \"reference\", to = \"" << one[0]
                     << "\", on_delete = \"" << one.substr(2) << "\", optional = true }\n";
            }
        }
        resources_ = read_catalog(directory_.path()).value();
        memory_ = std::move(*MetricsMemory::open(directory_.path().string()));
        for (const Resource& one : resources_) collections_.emplace_back(one, *memory_);
    }

    RemovalPlan plan(std::size_t of) const { return plan_removal(collections_[of], collections_); }

    /// `a b(to_ac) | c.to_bc | abc`: removed and why, cleared, changed.
    std::string text(std::size_t of) const {
        const RemovalPlan made = plan(of);
        std::string text;
        for (const auto& removed : made.removed) {
            text += removed.collection->resource.name;
            for (const auto& link : removed.because_of) {
                BOOST_TEST(link.field->reference()->to ==
                           made.removed[link.to].collection->resource.name);
                text += '(' + link.field->name + ')';
            }
        }
        text += " |";
        for (const auto& [collection, reference] : made.cleared) {
            text += ' ' + collection->resource.name + '.' + reference.field->name;
            BOOST_TEST(reference.field->reference()->to ==
                       made.removed[reference.to].collection->resource.name);
        }
        text += " | ";
        for (const auto* changed : made.collections) text += changed->resource.name;
        return text;
    }

private:
    TemporaryDirectory directory_;
    std::vector<Resource> resources_;
    std::unique_ptr<MetricsMemory> memory_;
    std::deque<Collection> collections_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(removal_plans)

BOOST_AUTO_TEST_CASE(it_has_what_is_removed_and_cleared) {
    const Catalogue alone({{}, {"a:restrict"}});
    BOOST_TEST(alone.text(0) == "a | | a");
    const Catalogue chain({{}, {"a:cascade"}, {"b:cascade", "a:clear"}, {"c:clear", "d:clear"}});
    BOOST_TEST(chain.text(0) == "ab(to_ac)c(to_bc) | c.to_ac d.to_cc | abcd");
    BOOST_TEST(chain.text(1) == "bc(to_bc) | d.to_cc | bcd");
    BOOST_TEST(chain.text(3) == "d | d.to_dc | d");
}

BOOST_AUTO_TEST_CASE(what_refers_is_placed_after_all_that_it_refers_to) {
    // d is reached from a at once, but it is below b and c as well.
    const Catalogue diamond({{}, {"c:cascade"}, {"a:cascade"}, {"a:cascade", "b:cascade"}});
    BOOST_TEST(diamond.text(0) == "ac(to_ac)b(to_cc)d(to_ac)(to_bc) | | acbd");
    // b would do as well as c, but c restricts its removal.
    const Catalogue siblings({{}, {"a:cascade", "c:restrict"}, {"a:cascade"}});
    BOOST_TEST(siblings.text(0) == "ac(to_ac)b(to_ac) | | acb");
    // A circle with a restriction has no order that suits it; that of the cascades holds.
    const Catalogue circle({{"b:restrict"}, {"a:cascade", "b:restrict"}, {"b:cascade"}});
    BOOST_TEST(circle.text(0) == "ab(to_ac)c(to_bc) | | abc");
}

BOOST_AUTO_TEST_SUITE_END()
