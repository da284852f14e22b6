// The look at the locks and the list have snapshots of their own, whatever the default isolation
// is. Here the window is held open: the look at the locks begins before a writer's COMMIT, and ends
// after it. The list must then have the change, or not be kept.
#define BOOST_TEST_MODULE list_snapshot
#include <future>

#include "fixture.hpp"

using namespace larder::test;

namespace {

// Two processes, so that one of them has a writer at work of which the other knows nothing.
struct TwoWorkers : SharedStack {
    TwoWorkers() : SharedStack(Environment{{"WORKERS", "2"}}) {}
};

/// Two doors in PostgreSQL, each an advisory lock: the look at a lock of lists waits at one, the
/// COMMIT of a change of a product at the other.
class Doors {
public:
    static constexpr const char* at_look = "1001";
    static constexpr const char* at_commit = "1002";

    Doors() {
        // An ordinary session may not touch functions of PostgreSQL; one that may says so.
        database_.query("SET allow_system_table_mods = on");
        for (const auto* door : {at_look, at_commit}) {
            database_.query("SELECT pg_advisory_lock(" + std::string(door) + ")");
        }
        // Neither waits for a time only.
        database_.query(
            "ALTER FUNCTION pg_catalog.pg_try_advisory_lock(bigint) RENAME TO pg_try_behind_door");
        database_.query(
            "CREATE FUNCTION pg_catalog.pg_try_advisory_lock(number bigint) RETURNS boolean"
            " LANGUAGE plpgsql SET lock_timeout = 0"
            " AS $$BEGIN PERFORM pg_advisory_xact_lock_shared(" +
            std::string(at_look) + "); RETURN pg_try_behind_door(number); END$$");
        database_.query(
            "CREATE FUNCTION public.wait_at_door() RETURNS trigger LANGUAGE plpgsql"
            " SET lock_timeout = 0 AS $$BEGIN PERFORM pg_advisory_xact_lock_shared(" +
            std::string(at_commit) + "); RETURN NULL; END$$");
        database_.query(
            "CREATE CONSTRAINT TRIGGER door AFTER UPDATE ON public.products DEFERRABLE INITIALLY"
            " DEFERRED FOR EACH ROW EXECUTE FUNCTION public.wait_at_door()");
    }
    ~Doors() {
        database_.query("SELECT pg_advisory_unlock_all()");
        database_.query("DROP TRIGGER door ON public.products");
        database_.query("DROP FUNCTION pg_catalog.pg_try_advisory_lock(bigint)");
        database_.query(
            "ALTER FUNCTION pg_catalog.pg_try_behind_door(bigint) RENAME TO pg_try_advisory_lock");
        database_.query("DROP FUNCTION public.wait_at_door");
    }
    Doors(const Doors&) = delete;
    Doors& operator=(const Doors&) = delete;

    /// How many sessions wait there.
    int waiting(const std::string& door) {
        return std::stoi(
            database_.value("SELECT count(*) FROM pg_locks AS l WHERE"
                            " l.locktype = 'advisory' AND NOT l.granted AND"
                            " l.objid = " +
                            door));
    }
    void open(const std::string& door) {
        database_.query("SELECT pg_advisory_unlock(" + door + ")");
    }

private:
    Database database_ = stack().database();
};

/// The default of new sessions of the workers.
void set_isolation(const std::string& isolation) {
    auto database = stack().database();
    database.query("ALTER DATABASE larder SET default_transaction_isolation = '" + isolation + "'");
    database.query(
        "SELECT pg_terminate_backend(pid) FROM pg_stat_activity"
        " WHERE application_name = 'larder-worker'");
    BOOST_TEST(eventually([] { return api().post("/products", product("A")).status == 201; }));
}

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(TwoWorkers);

BOOST_AUTO_TEST_CASE(a_commit_between_the_look_at_the_locks_and_the_list) {
    for (const std::string isolation : {"read committed", "repeatable read", "serializable"}) {
        set_isolation(isolation);
        const auto path = path_of("/products", create("/products", product("Before")));
        std::vector<std::string> lists = {"/products"};
        for (int limit = 900; limit < 908; ++limit) {
            lists.push_back("/products?limit=" + std::to_string(limit));
        }
        BOOST_TEST_CONTEXT(isolation) {
            {
                Doors doors;
                // The change is made and the lists' generation swapped; COMMIT waits.
                auto written = std::async(std::launch::async,
                                          [&] { return api().put(path, R"({"name": "After"})"); });
                BOOST_TEST_REQUIRE(eventually([&] { return doors.waiting(doors.at_commit) == 1; }));
                // Lists that the writer's own process reads are never kept and do not look; so
                // there are many, until the other process looks.
                std::vector<std::future<Response>> reads;
                const auto read_all = [&] {
                    for (const auto& list : lists) {
                        reads.push_back(
                            std::async(std::launch::async, [&list] { return api().get(list); }));
                    }
                };
                read_all();
                BOOST_TEST_REQUIRE(eventually([&] {
                    if (doors.waiting(doors.at_look) > 0) return true;
                    if (reads.size() < 1000) read_all();
                    return false;
                }));
                doors.open(doors.at_commit);
                BOOST_TEST(written.get().status == 200);
                doors.open(doors.at_look);
                for (auto& read : reads) BOOST_TEST(read.get().status == 200);
            }
            for (const auto& list : lists) {
                const auto answer = api().get(list);
                BOOST_TEST(answer.body.contains("After"), list << answer.header("X-Cache"));
                BOOST_TEST(!answer.body.contains("Before"), list << answer.header("X-Cache"));
            }
            BOOST_TEST(api().del(path).status == 204);
        }
    }
}
