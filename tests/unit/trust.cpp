#include "cache/trust.hpp"

#include <boost/test/unit_test.hpp>

#include <atomic>
#include <string>
#include <thread>

using namespace larder;

namespace {

struct Host {
    SharedState state{};
    Trust trust{state};

    void trust_epoch(std::uint64_t epoch, std::string_view run_id = "redis-1") {
        BOOST_REQUIRE(trust.begin(epoch, run_id));
        BOOST_REQUIRE(trust.complete(epoch));
    }
};

}  // namespace

BOOST_AUTO_TEST_SUITE(trust)

BOOST_FIXTURE_TEST_CASE(there_is_no_trust_at_first, Host) {
    BOOST_TEST(trust.epoch() == 0U);
    BOOST_TEST(trust.fencing().epoch == 0U);
    BOOST_TEST(!trust.fencing().is_joining);
    BOOST_TEST(!trust.knows("redis-1"));
}

BOOST_FIXTURE_TEST_CASE(while_an_epoch_is_joined_writers_fence_and_readers_wait, Host) {
    BOOST_TEST(trust.begin(5, "redis-1"));
    BOOST_TEST(trust.epoch() == 0U);
    BOOST_TEST(trust.fencing().epoch == 5U);
    BOOST_TEST(trust.fencing().is_joining);
    BOOST_TEST(trust.complete(5));
    BOOST_TEST(trust.epoch() == 5U);
    BOOST_TEST(trust.fencing().epoch == 5U);
    BOOST_TEST(!trust.fencing().is_joining);
}

BOOST_FIXTURE_TEST_CASE(trust_is_lost_for_readers_and_writers, Host) {
    trust_epoch(5);
    trust.lose("test");
    BOOST_TEST(trust.epoch() == 0U);
    BOOST_TEST(trust.fencing().epoch == 0U);
    BOOST_TEST(!trust.fencing().is_joining);
}

BOOST_FIXTURE_TEST_CASE(trust_that_was_lost_while_joining_stays_lost, Host) {
    BOOST_TEST(trust.begin(5, "redis-1"));
    trust.lose("test");
    BOOST_TEST(!trust.complete(5));
    BOOST_TEST(trust.epoch() == 0U);
    BOOST_TEST(trust.fencing().epoch == 0U);
}

BOOST_FIXTURE_TEST_CASE(only_the_epoch_that_was_joined_can_be_completed, Host) {
    BOOST_TEST(!trust.complete(5));
    BOOST_TEST(trust.begin(5, "redis-1"));
    BOOST_TEST(!trust.complete(4));
    BOOST_TEST(!trust.complete(6));
    BOOST_TEST(trust.epoch() == 0U);
    BOOST_TEST(trust.complete(5));
    BOOST_TEST(!trust.complete(5));
    BOOST_TEST(trust.epoch() == 5U);
}

BOOST_FIXTURE_TEST_CASE(a_trusted_host_can_join_the_next_epoch, Host) {
    trust_epoch(5);
    BOOST_TEST(trust.begin(6, "redis-1"));
    BOOST_TEST(trust.epoch() == 0U);
    BOOST_TEST(trust.fencing().epoch == 6U);
    BOOST_TEST(trust.complete(6));
    BOOST_TEST(trust.epoch() == 6U);
}

BOOST_FIXTURE_TEST_CASE(a_newer_epoch_is_followed, Host) {
    trust_epoch(5);
    trust.follow(5, 9);
    BOOST_TEST(trust.epoch() == 9U);
    BOOST_TEST(trust.knows("redis-1"));
}

BOOST_FIXTURE_TEST_CASE(an_older_or_missing_epoch_loses_trust, Host) {
    for (const std::uint64_t live : {std::uint64_t{0}, std::uint64_t{4}}) {
        trust_epoch(5);
        trust.follow(5, live);
        BOOST_TEST(trust.epoch() == 0U);
        BOOST_TEST(trust.fencing().epoch == 0U);
    }
}

BOOST_FIXTURE_TEST_CASE(nobody_follows_after_trust_was_lost, Host) {
    trust_epoch(5);
    trust.lose("test");
    trust.follow(5, 9);
    BOOST_TEST(trust.epoch() == 0U);
}

BOOST_FIXTURE_TEST_CASE(who_saw_an_old_epoch_does_not_undo_a_newer_one, Host) {
    trust_epoch(9);
    trust.follow(5, 7);
    BOOST_TEST(trust.epoch() == 9U);
}

BOOST_FIXTURE_TEST_CASE(following_does_not_end_a_joining, Host) {
    trust_epoch(5);
    BOOST_TEST(trust.begin(8, "redis-1"));
    trust.follow(5, 7);
    BOOST_TEST(trust.fencing().epoch == 8U);
    BOOST_TEST(trust.fencing().is_joining);
}

BOOST_FIXTURE_TEST_CASE(another_redis_is_noticed, Host) {
    trust_epoch(5, "redis-1");
    BOOST_TEST(trust.knows("redis-1"));
    BOOST_TEST(!trust.knows("redis-2"));
    BOOST_TEST(!trust.knows("redis-"));
    BOOST_TEST(!trust.knows("redis-11"));
    trust_epoch(6, "redis-2");
    BOOST_TEST(trust.knows("redis-2"));
    BOOST_TEST(!trust.knows("redis-1"));
    trust_epoch(7, "r");
    BOOST_TEST(trust.knows("r"));
}

BOOST_FIXTURE_TEST_CASE(a_redis_that_was_a_replica_meanwhile_is_another_one, Host) {
    trust_epoch(5, "redis-1 history-1");
    BOOST_TEST(trust.knows("redis-1 history-1"));
    BOOST_TEST(!trust.knows("redis-1 history-2"));
    BOOST_TEST(!trust.knows("redis-1"));
}

BOOST_FIXTURE_TEST_CASE(a_redis_that_hides_what_it_is_is_never_known, Host) {
    BOOST_TEST(!trust.knows(""));
    BOOST_TEST(!trust.begin(5, ""));
    BOOST_TEST(trust.fencing().epoch == 0U);
}

BOOST_FIXTURE_TEST_CASE(a_run_id_of_redis_fits_and_a_longer_one_does_no_harm, Host) {
    const std::string usual(40, 'a');
    trust_epoch(5, usual);
    BOOST_TEST(trust.knows(usual));
    trust_epoch(6, std::string(200, 'b'));
    BOOST_TEST(!trust.knows(usual));
    BOOST_TEST(state.host_id[0] == '\0');
}

BOOST_FIXTURE_TEST_CASE(a_loss_in_another_thread_is_never_overwritten, Host) {
    for (std::uint64_t epoch = 1; epoch <= 500; ++epoch) {
        std::atomic<bool> go = false;
        std::thread loser([&] {
            while (!go) {
            }
            trust.lose("test");
        });
        BOOST_REQUIRE(trust.begin(epoch, "redis-1"));
        go = true;
        const bool completed = trust.complete(epoch);
        trust.follow(epoch, epoch + 1000);
        loser.join();
        // Whatever the order was, the loss came after begin: nothing may have survived it.
        BOOST_TEST(trust.epoch() == 0U);
        if (!completed) BOOST_TEST(trust.fencing().epoch == 0U);
    }
}

BOOST_AUTO_TEST_SUITE_END()
