#pragma once

#include <chrono>

#include "feed.hpp"
#include "fixture.hpp"
#include "freshness.hpp"
#include "load.hpp"

namespace larder::test {

/// Does `work` on the shared stack while clients of two kinds read and write: none of their
/// requests may fail, and no answer may be stale.
template <class Work>
void under_load(Work work) {
    constexpr std::chrono::milliseconds warming(300);
    BOOST_TEST_REQUIRE(eventually([] { return feed_follows(); }));
    Freshness freshness(api());
    Load load(api(), 4, Writes::yes);
    load.run_for(warming);
    work();
    load.run_for(warming);
    const auto tally = load.stop();
    BOOST_TEST(freshness.stop() == "");
    BOOST_TEST(freshness.writes() > 0);
    BOOST_TEST(freshness.reads() > 0);
    BOOST_TEST(tally.only_success(), tally.summary());
}

}  // namespace larder::test
