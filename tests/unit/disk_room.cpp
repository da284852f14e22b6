#include "server/disk_room.hpp"

#include <boost/test/unit_test.hpp>

using larder::has_room;

BOOST_AUTO_TEST_SUITE(disk_room)

BOOST_AUTO_TEST_CASE(the_fullest_of_the_disks_decides) {
    constexpr std::uint64_t endless = 1ULL << 60U;
    BOOST_TEST(has_room("/", 0));
    BOOST_TEST(!has_room("/", endless));
    BOOST_TEST(has_room("/tmp:/", 0));
    BOOST_TEST(!has_room("/none:/", endless));
    BOOST_TEST(!has_room("/:/none", endless));
}

BOOST_AUTO_TEST_CASE(what_cannot_be_asked_has_room) {
    for (const auto* directories : {"", ":", "/none", "/none:", "relative/none"}) {
        BOOST_TEST(has_room(directories, 1ULL << 60U), directories);
    }
}

BOOST_AUTO_TEST_SUITE_END()
