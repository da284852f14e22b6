// Disks that are full, below nginx's cache, its temporary files and the directory of the kept
// lists: that costs speed, and nothing else as far as nginx can do without a disk.
#define BOOST_TEST_MODULE full_disk
#include <fcntl.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <iostream>
#include <memory>
#include <thread>

#include "fixture.hpp"
#include "support/raw_socket.hpp"

using namespace larder::test;
namespace fs = std::filesystem;

namespace {

bool may_mount = false;

bool write_file(const char* path, const std::string& text) {
    std::ofstream file(path);
    return static_cast<bool>(file << text << std::flush);
}

/// Gives this process, and with it the whole stack, mounts of its own, which are gone with it.
Environment with_own_mounts() {
    const auto uid = std::to_string(getuid());
    const auto gid = std::to_string(getgid());
    bool is_apart = unshare(CLONE_NEWNS) == 0;
    if (!is_apart && unshare(CLONE_NEWUSER | CLONE_NEWNS) == 0) {
        is_apart = write_file("/proc/self/setgroups", "deny") &&
                   write_file("/proc/self/uid_map", uid + ' ' + uid + " 1") &&
                   write_file("/proc/self/gid_map", gid + ' ' + gid + " 1");
    }
    may_mount = is_apart && mount("none", "/", nullptr, MS_REC | MS_PRIVATE, nullptr) == 0;
    // RUN_DIR is below it.
    may_mount = may_mount && mount("none", "/dev/shm", "tmpfs", 0, "size=64m,mode=1777") == 0;
    if (!may_mount) {
        std::cerr << "full_disk: SKIPPED: nothing can be mounted here: " << std::strerror(errno)
                  << std::endl;
    }
    return {};
}

struct OwnMounts : SharedStack {
    OwnMounts() : SharedStack(with_own_mounts()) {}
};

/// Takes all that is left on a file system, for as long as it exists.
class Filler {
public:
    explicit Filler(const fs::path& directory) : path_(directory / "filler") {
        const int file = open(path_.c_str(), O_WRONLY | O_CREAT | O_CLOEXEC, 0644);
        const std::string block(4096, 'x');
        while (write(file, block.data(), block.size()) > 0) {
        }
        close(file);
    }
    ~Filler() { fs::remove(path_); }
    Filler(const Filler&) = delete;
    Filler& operator=(const Filler&) = delete;

private:
    fs::path path_;
};

/// A full disk in place of a directory of the stack.
class FullDisk {
public:
    explicit FullDisk(const fs::path& part) : directory_(stack().directory() / "stack" / part) {
        struct stat owner{};
        BOOST_REQUIRE(stat(directory_.c_str(), &owner) == 0);
        const auto options = "size=64k,mode=0700,uid=" + std::to_string(owner.st_uid) +
                             ",gid=" + std::to_string(owner.st_gid);
        BOOST_REQUIRE(mount("none", directory_.c_str(), "tmpfs", 0, options.c_str()) == 0);
        filler_ = std::make_unique<Filler>(directory_);
    }
    ~FullDisk() {
        filler_.reset();
        umount2(directory_.c_str(), MNT_DETACH);
    }
    FullDisk(const FullDisk&) = delete;
    FullDisk& operator=(const FullDisk&) = delete;

private:
    fs::path directory_;
    std::unique_ptr<Filler> filler_;
};

const fs::path cache = "nginx-cache";
const fs::path answers = "nginx-temp/fastcgi";
const fs::path bodies = "nginx-temp/body";

constexpr std::size_t many = 20000;  // products: some megabytes

void make_many() {
    auto database = stack().database();
    if (std::stoul(database.value("SELECT count(*) FROM products")) >= many) return;
    database.query(
        "INSERT INTO products (name, price, stock_quantity) SELECT 'Many', 1, 1 FROM"
        " generate_series(1, " +
        std::to_string(many) + ')');
}

/// What a client gets that takes a little at a time, so that nginx's buffers are full.
std::string slowly_read(const std::string& path) {
    RawSocket socket(Address::of_url(api().base_url()));
    socket.send("GET " + path + " HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    std::string bytes;
    for (std::string part = "-"; !part.empty(); bytes += part) {
        std::this_thread::sleep_for(std::chrono::milliseconds(2));
        part = socket.receive(32768, std::chrono::seconds(30));
    }
    return bytes;
}

/// Cold, cached, short, long, limited and wrapped lists.
void expect_lists() {
    BOOST_TEST(api().post("/cache/clear", "").status == 200);
    for (int round = 0; round < 3; ++round) {
        create("/employees", employee("A"));
        for (const auto* path :
             {"/employees?limit=3", "/employees?limit=3", "/employees", "/employees",
              "/items?limit=2", "/items", "/products?limit=2000", "/products?limit=2000"}) {
            const auto answer = api().get(path);
            BOOST_TEST_CONTEXT(path) {
                expect_json(answer, 200);
                BOOST_TEST(answer.headers.count("X-Cache") == 1U);
            }
        }
        const auto all = expect_json(api().get("/products"), 200);
        BOOST_TEST(all.size() >= many);
        BOOST_TEST(api().head("/products").status == 200);
    }
}

}  // namespace

BOOST_TEST_GLOBAL_FIXTURE(OwnMounts);

BOOST_AUTO_TEST_CASE(below_the_cache) {
    if (!may_mount) return;
    make_many();
    const FullDisk full(cache);
    expect_lists();
}

BOOST_AUTO_TEST_CASE(below_the_temporary_files) {
    if (!may_mount) return;
    make_many();
    {
        const FullDisk full(answers);
        expect_lists();
    }
    expect_lists();
    BOOST_TEST(
        eventually([] { return api().get("/products?limit=5").header("X-Cache") == "HIT"; }));
    const FullDisk full(answers);
    const FullDisk full_too(cache);
    expect_lists();
}

BOOST_AUTO_TEST_CASE(a_slow_reader_gets_a_long_answer_whole) {
    if (!may_mount) return;
    make_many();
    const auto record = create("/items", "{\"a\": \"" + std::string(1000000, 'x') + "\"}");
    const FullDisk full(answers);
    for (const std::string& path : {std::string("/products"), path_of("/items", record)}) {
        const auto bytes = slowly_read(path);
        const auto answer = parse_response(bytes);
        BOOST_TEST(answer.status == 200);
        BOOST_TEST(bytes.size() > 1000000U, path);
        BOOST_TEST((bytes.ends_with("0\r\n\r\n") || bytes.ends_with("}}")), path);
    }
}

BOOST_AUTO_TEST_CASE(an_answer_that_is_cut_off_has_no_end) {
    if (!may_mount) return;
    auto database = stack().database();
    database.query(
        "INSERT INTO products (name, description, price, stock_quantity) SELECT 'Many',"
        " repeat('x', 1000), 1, 1 FROM generate_series(1, 20000)");
    const FullDisk full(answers);
    RawSocket socket(Address::of_url(api().base_url()));
    socket.send("GET /products HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n");
    std::string bytes = socket.receive(32768, std::chrono::seconds(30));
    const std::string held_up =
        " FROM pg_stat_activity WHERE application_name LIKE 'larder-worker%' AND"
        " state = 'idle in transaction' AND now() - state_change > '300ms'";
    BOOST_TEST_REQUIRE(
        eventually([&] { return database.value("SELECT count(*) > 0" + held_up) == "t"; }));
    database.query("SELECT pg_terminate_backend(pid)" + held_up);
    bytes += socket.receive_all(std::chrono::seconds(30));
    BOOST_TEST(bytes.starts_with("HTTP/1.1 200"));
    BOOST_TEST(!bytes.ends_with("\r\n0\r\n\r\n"));
    database.query("DELETE FROM products WHERE description IS NOT NULL");
}

BOOST_AUTO_TEST_CASE(below_the_bodies_of_requests) {
    if (!may_mount) return;
    const std::string large = "{\"a\": \"" + std::string(600000, 'x') + "\"}";
    {
        const FullDisk full(bodies);
        // nginx has no other place for it.
        expect_problem(api().post("/items", large), 500);
        create("/items", R"({"a": "short"})");
    }
    create("/items", large);
}

BOOST_AUTO_TEST_CASE(below_the_kept_lists) {
    if (!may_mount) return;
    make_many();
    const Filler filler("/dev/shm");
    expect_lists();
}
