// contract.md, "Everywhere": ETag, If-None-Match and If-Match.
#define BOOST_TEST_MODULE conditional
#include "fixture.hpp"

#include <algorithm>

using namespace larder::test;

BOOST_TEST_GLOBAL_FIXTURE(SharedStack);

namespace {

struct Sample {
    const char* collection;
    std::string body;
    std::string change;   // for PUT and PATCH
    std::string another;  // a different one
};

const Sample samples[] = {
    {"/employees", employee("A"), R"({"salary": 1})", R"({"salary": 2})"},
    {"/products", product("A"), R"({"price": 1})", R"({"price": 2})"},
    {"/items", R"({"a": 0})", R"({"a": 1})", R"({"a": 2})"},
};

std::string path_in(const Sample& sample) {
    return path_of(sample.collection, create(sample.collection, sample.body));
}

HeaderLines if_match(const std::string& tags) { return {"If-Match: " + tags}; }
HeaderLines if_none_match(const std::string& tags) { return {"If-None-Match: " + tags}; }

void clear_caches() { BOOST_TEST(api().post("/cache/clear", "").status == 200); }

void expect_not_modified(const Response& response, const std::string& tag) {
    BOOST_TEST(response.status == 304);
    BOOST_TEST(response.header("ETag") == tag);
    BOOST_TEST(response.has("X-Cache"));
    BOOST_TEST(response.body == "");
}

}  // namespace

BOOST_AUTO_TEST_CASE(one_record_has_one_tag_wherever_it_comes_from) {
    for (const auto& sample : samples) {
        const auto created = api().post(sample.collection, sample.body);
        const auto path = path_of(sample.collection, expect_json(created, 201));
        const auto tag = created.header("ETag");
        BOOST_TEST(tag.size() > 2U);
        BOOST_TEST(tag.starts_with('"'));
        BOOST_TEST(tag.ends_with('"'));
        for (int round = 0; round < 2; ++round) {
            for (int read = 0; read < 3; ++read) BOOST_TEST(api().get(path).header("ETag") == tag);
            BOOST_TEST(api().head(path).header("ETag") == tag);
            clear_caches();
        }
        BOOST_TEST(api().put(path, "{}").header("ETag") == tag);
        BOOST_TEST(api().patch(path, "{}").header("ETag") == tag);

        const auto put = api().put(path, sample.change).header("ETag");
        BOOST_TEST(put != tag);
        for (int read = 0; read < 3; ++read) BOOST_TEST(api().get(path).header("ETag") == put);
        const auto patched = api().patch(path, sample.another).header("ETag");
        BOOST_TEST(patched != put);
        for (int read = 0; read < 3; ++read) BOOST_TEST(api().get(path).header("ETag") == patched);
        // The state decides, not the number of changes.
        BOOST_TEST(api().put(path, sample.change).header("ETag") == put);
    }
}

BOOST_AUTO_TEST_CASE(records_that_differ_have_tags_that_differ) {
    const auto first = api().post("/employees", employee("A")).header("ETag");
    BOOST_TEST(api().post("/employees", employee("A")).header("ETag") != first);
}

BOOST_AUTO_TEST_CASE(if_none_match_gives_304) {
    for (const auto& sample : samples) {
        const auto path = path_in(sample);
        for (int round = 0; round < 2; ++round) {
            const auto tag = api().get(path).header("ETag");
            clear_caches();
            for (int read = 0; read < 3; ++read) {
                expect_not_modified(api().get(path, if_none_match(tag)), tag);
            }
            expect_not_modified(api().head(path, if_none_match(tag)), tag);
            expect_not_modified(api().get(path, if_none_match("*")), tag);
            expect_not_modified(api().get(path, if_none_match("W/" + tag)), tag);
            expect_not_modified(api().get(path, if_none_match("\"a\", " + tag + ",\"b\"")), tag);
            expect_not_modified(api().get(path, if_none_match("\"a,b\" , W/" + tag)), tag);
            BOOST_TEST(api().get(path, if_none_match("\"a\"")).status == 200);
            BOOST_TEST(api().get(path, if_none_match("W/\"a\", \"b\"")).status == 200);

            const auto changed = api().put(path, round == 0 ? sample.change : sample.another);
            const auto fresh = api().get(path, if_none_match(tag));
            BOOST_TEST(fresh.status == 200);
            BOOST_TEST(fresh.header("ETag") == changed.header("ETag"));
        }
        BOOST_TEST(api().del(path).status / 100 == 2);
        BOOST_TEST(api().get(path, if_none_match("*")).status == 404);
    }
}

BOOST_AUTO_TEST_CASE(if_match_guards_put_patch_and_delete) {
    for (const auto& sample : samples) {
        const auto path = path_in(sample);
        const auto first = api().get(path).header("ETag");
        const auto put = api().put(path, sample.change, if_match(first));
        BOOST_TEST(put.status == 200);
        const auto second = put.header("ETag");

        expect_problem(api().put(path, sample.another, if_match(first)), 412);
        expect_problem(api().patch(path, sample.another, if_match(first)), 412);
        expect_problem(api().put(path, "{}", if_match(first)), 412);
        expect_problem(api().del(path, if_match(first)), 412);
        BOOST_TEST(api().get(path).header("ETag") == second);

        const auto patched = api().patch(path, sample.another, if_match(second));
        BOOST_TEST(patched.status == 200);
        expect_problem(api().del(path, if_match(second)), 412);
        BOOST_TEST(api().put(path, "{}", if_match(patched.header("ETag"))).status == 200);
        BOOST_TEST(api().del(path, if_match(patched.header("ETag"))).status / 100 == 2);
        expect_problem(api().get(path), 404);
    }
}

BOOST_AUTO_TEST_CASE(if_match_with_star_lists_and_weak_tags) {
    for (const auto& sample : samples) {
        const auto path = path_in(sample);
        const auto tag = [&] { return api().get(path).header("ETag"); };
        BOOST_TEST(api().put(path, sample.change, if_match("*")).status == 200);
        BOOST_TEST(api().put(path, sample.another, if_match("\"a\", " + tag())).status == 200);
        BOOST_TEST(api().patch(path, sample.change, if_match(tag() + " ,\"b,c\"")).status == 200);
        expect_problem(api().put(path, sample.another, if_match("\"a\", \"b\"")), 412);
        // If-Match compares strongly (RFC 9110, section 13.1.1): a weak tag never matches.
        expect_problem(api().put(path, sample.another, if_match("W/" + tag())), 412);
        expect_problem(api().del(path, if_match("W/" + tag())), 412);
        const auto bare = tag().substr(1, tag().size() - 2);
        BOOST_TEST(api().put(path, sample.another, if_match(bare)).status / 100 == 4);
        BOOST_TEST(api().del(path, if_match("*")).status / 100 == 2);
        expect_problem(api().del(path, if_match("*")), 404);
        expect_problem(api().put(path, "{}", if_match("*")), 404);
        expect_problem(api().patch(path, "{}", if_match(tag())), 404);
    }
}

BOOST_AUTO_TEST_CASE(of_two_that_race_exactly_one_wins) {
    for (const auto& sample : samples) {
        for (int round = 0; round < 25; ++round) {
            const auto path = path_in(sample);
            const auto tag = api().get(path).header("ETag");
            const auto answers = in_parallel(4, [&](std::size_t i) {
                const auto& body = i % 2 == 0 ? sample.change : sample.another;
                return i < 2 ? api().put(path, body, if_match(tag))
                             : api().patch(path, body, if_match(tag));
            });
            const auto count = [&](int status) {
                return std::ranges::count(answers, status, &Response::status);
            };
            BOOST_TEST(count(200) == 1);
            BOOST_TEST(count(412) == 3);
            const auto winner = std::ranges::find(answers, 200, &Response::status);
            if (winner == answers.end()) continue;
            BOOST_TEST(api().get(path).header("ETag") == winner->header("ETag"));
        }
    }
}

BOOST_AUTO_TEST_CASE(a_delete_that_races_with_a_put) {
    for (const auto& sample : samples) {
        for (int round = 0; round < 15; ++round) {
            const auto path = path_in(sample);
            const auto tag = api().get(path).header("ETag");
            const auto answers = in_parallel(2, [&](std::size_t i) {
                return i == 0 ? api().put(path, sample.change, if_match(tag))
                              : api().del(path, if_match(tag));
            });
            const bool put_won = answers[0].status == 200 && answers[1].status == 412;
            const bool delete_won = answers[1].status / 100 == 2 && answers[0].status / 100 == 4;
            BOOST_TEST((put_won || delete_won),
                       answers[0].status << " for PUT, " << answers[1].status << " for DELETE");
            BOOST_TEST(api().get(path).status == (put_won ? 200 : 404));
        }
    }
}
