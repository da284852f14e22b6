// Random chains of changes of two descriptions that refer to each other, with rows in their tables.
// At each step workers of the old and of the new descriptions answer side by side, each with an
// nginx of its own: no answer is 5xx, and what is written through one is read through both at once.
// Every value that was not dropped by name is still there, the plan is empty, and revert and deploy
// work again.
//
//     larder-tests-plan_chains -- --chains 100 --seed 7
#define BOOST_TEST_MODULE plan_chains
#include <fmt/format.h>

#include <exception>
#include <iostream>

#include "fixture.hpp"
#include "plan/chain.hpp"

using namespace larder::test;

namespace {

/// Its feed would not know the tables: each chain has one of its own.
struct WithoutFeed : SharedStack {
    WithoutFeed() : SharedStack({{"LARDER_FEED", "/nonexistent"}, {"WORKERS", "1"}}) {}
};

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(WithoutFeed);

BOOST_AUTO_TEST_CASE(every_value_outlives_every_change) {
    const int chains = argument("--chains", 2);
    const int seed = argument("--seed", 1);
    for (int chain = 0; chain < chains; ++chain) {
        BOOST_TEST_CONTEXT("chain with --chains 1 --seed " << seed + chain) {
            Chain one(static_cast<unsigned>(seed + chain));
            try {
                one.run();
            } catch (const std::runtime_error& error) {
                BOOST_FAIL(error.what());
            }
            std::cout << fmt::format("seed {}: {}\n", seed + chain, one.summary()) << std::flush;
        }
    }
}
