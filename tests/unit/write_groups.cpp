#include "gateway/write_groups.hpp"

#include <boost/test/unit_test.hpp>

#include <utility>

using namespace larder;

namespace {

const std::vector<Resource>& resources() {
    static const auto all = all_resources();
    return all;
}

const Resource& first() { return resources()[0]; }
const Resource& second() { return resources()[1]; }

WriteGroups::Write write_to(const Resource& resource, std::string id) {
    WriteGroups::Write write{.connection = nullptr, .plan = {}};
    write.plan.route.resource = &resource;
    write.plan.route.id = std::move(id);
    return write;
}

}  // namespace

BOOST_AUTO_TEST_SUITE(write_groups)

BOOST_AUTO_TEST_CASE(only_the_first_write_of_a_line_asks_for_somebody_to_take_it) {
    WriteGroups groups;
    BOOST_TEST(groups.add(write_to(first(), "a")));
    BOOST_TEST(!groups.add(write_to(first(), "b")));
    BOOST_TEST(groups.add(write_to(second(), "c")));
    const auto group = groups.take(first());
    BOOST_REQUIRE(group.size() == 2U);
    BOOST_TEST(group[0].plan.route.id == "a");
    BOOST_TEST(group[1].plan.route.id == "b");
    BOOST_TEST(groups.take(second()).size() == 1U);
}

BOOST_AUTO_TEST_CASE(what_comes_while_a_group_is_written_goes_with_the_next) {
    WriteGroups groups;
    BOOST_TEST(groups.add(write_to(first(), "a")));
    BOOST_TEST(groups.take(first()).size() == 1U);
    BOOST_TEST(!groups.add(write_to(first(), "b")));
    BOOST_TEST(groups.done(first()));
    BOOST_TEST(groups.take(first()).size() == 1U);
    BOOST_TEST(!groups.done(first()));
    BOOST_TEST(groups.add(write_to(first(), "c")));
}

BOOST_AUTO_TEST_CASE(a_group_has_at_most_32_writes) {
    WriteGroups groups;
    for (int i = 0; i < 40; ++i) groups.add(write_to(first(), std::to_string(i)));
    BOOST_TEST(groups.take(first()).size() == 32U);
    BOOST_TEST(groups.done(first()));
    BOOST_TEST(groups.take(first()).size() == 8U);
    BOOST_TEST(!groups.done(first()));
}

BOOST_AUTO_TEST_SUITE_END()
