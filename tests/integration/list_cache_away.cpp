// A list costs time, and is no error, where nginx cannot use its cache.
#define BOOST_TEST_MODULE list_cache_away
#include "fixture.hpp"

#include <unistd.h>

#include <filesystem>

using namespace larder::test;
namespace fs = std::filesystem;

BOOST_TEST_GLOBAL_FIXTURE(SharedStack);

namespace {

fs::path cache() { return stack().directory() / "stack" / "nginx-cache"; }

void make_cold() { create("/employees", employee("A")); }

void expect_lists() {
    for (int round = 0; round < 2; ++round) {
        make_cold();
        for (const auto* path : {"/employees?limit=3", "/employees?limit=3", "/employees",
                                 "/items?limit=2", "/items", "/employees/high-salary?limit=1"}) {
            const auto answer = api().get(path);
            BOOST_TEST_CONTEXT(path) {
                expect_json(answer, 200);
                BOOST_TEST(answer.headers.count("X-Cache") == 1U);
            }
        }
    }
}

}  // namespace

BOOST_AUTO_TEST_CASE(the_directory_may_not_be_entered) {
    expect_lists();
    fs::permissions(cache(), fs::perms::none);
    expect_lists();
    fs::permissions(cache(), fs::perms::owner_all);
    expect_lists();
}

BOOST_AUTO_TEST_CASE(the_directory_may_not_be_written_to) {
    fs::permissions(cache(), fs::perms::owner_read | fs::perms::owner_exec);
    expect_lists();
    fs::permissions(cache(), fs::perms::owner_all);
}

BOOST_AUTO_TEST_CASE(what_is_in_it_may_not_be_read) {
    BOOST_TEST(eventually([] { return api().get("/items?limit=2").header("X-Cache") == "HIT"; }));
    for (const auto& entry : fs::directory_iterator(cache())) {
        fs::permissions(entry, fs::perms::none);
    }
    for (int round = 0; round < 2; ++round) expect_json(api().get("/items?limit=2"), 200);
    expect_lists();
    for (const auto& entry : fs::directory_iterator(cache())) {
        fs::permissions(entry, fs::perms::owner_all);
    }
}

BOOST_AUTO_TEST_CASE(a_kept_list_may_not_be_read) {
    const fs::path link = fs::path(stack().status().at("run_dir")) / "items.list";
    const auto is_kept = [&] {
        (void)api().get("/items");
        return fs::exists(link / "list");
    };
    for (const bool is_directory : {false, true}) {
        BOOST_TEST(api().post("/cache/clear", "").status == 200);
        BOOST_REQUIRE(eventually(is_kept));
        const auto path = fs::canonical(is_directory ? link : link / "list");
        fs::permissions(path, fs::perms::none);
        for (int round = 0; round < 2; ++round) expect_json(api().get("/items"), 200);
        expect_lists();
        if (geteuid() == 0) {
            // As left behind by a stack of another account.
            BOOST_TEST(chown(path.c_str(), 0, 0) == 0);
            expect_lists();
            create("/items", R"({"a": 1})");
            expect_json(api().get("/items"), 200);
        }
    }
    BOOST_TEST(api().post("/cache/clear", "").status == 200);
    BOOST_TEST(eventually(is_kept));
}

BOOST_AUTO_TEST_CASE(a_file_is_in_its_place) {
    fs::rename(cache(), cache().string() + ".away");
    std::fclose(std::fopen(cache().c_str(), "w"));
    expect_lists();
    fs::remove(cache());
    expect_lists();
    fs::rename(cache(), cache().string() + ".made");  // nginx may be writing into it
    fs::rename(cache().string() + ".away", cache());
    expect_lists();
}
