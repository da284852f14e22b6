#include "observe/ready.hpp"

#include <sys/socket.h>
#include <sys/un.h>
#include <unistd.h>
#include <boost/test/unit_test.hpp>

#include <array>
#include <cstddef>
#include <cstdlib>
#include <string>

#include "temporary_directory.hpp"

using namespace larder;

namespace {

/// A service manager's end; `name` as in NOTIFY_SOCKET.
class Manager {
public:
    explicit Manager(std::string name) : socket_(socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0)) {
        setenv("NOTIFY_SOCKET", name.c_str(), 1);
        sockaddr_un address{};
        address.sun_family = AF_UNIX;
        name.copy(address.sun_path, name.size());
        if (name.front() == '@') address.sun_path[0] = '\0';
        const auto size = static_cast<socklen_t>(offsetof(sockaddr_un, sun_path) + name.size());
        BOOST_REQUIRE(bind(socket_, reinterpret_cast<const sockaddr*>(&address), size) == 0);
    }
    ~Manager() {
        unsetenv("NOTIFY_SOCKET");
        close(socket_);
    }
    Manager(const Manager&) = delete;
    Manager& operator=(const Manager&) = delete;

    std::string heard() const {
        std::array<char, 100> bytes{};
        const auto size = recv(socket_, bytes.data(), bytes.size(), MSG_DONTWAIT);
        return {bytes.data(), static_cast<std::size_t>(size < 0 ? 0 : size)};
    }

private:
    int socket_;
};

}  // namespace

BOOST_AUTO_TEST_SUITE(ready)

BOOST_AUTO_TEST_CASE(the_manager_hears_it_at_a_path) {
    const TemporaryDirectory directory;
    const Manager manager((directory.path() / "notify").string());
    BOOST_TEST(notify_ready().has_value());
    BOOST_TEST(manager.heard() == "READY=1");
}

BOOST_AUTO_TEST_CASE(the_manager_hears_it_in_the_abstract_namespace) {
    const Manager manager("@larder-tests-" + std::to_string(getpid()));
    BOOST_TEST(notify_ready().has_value());
    BOOST_TEST(manager.heard() == "READY=1");
}

BOOST_AUTO_TEST_CASE(without_a_manager_there_is_nothing_to_do) {
    unsetenv("NOTIFY_SOCKET");
    BOOST_TEST(notify_ready().has_value());
}

BOOST_AUTO_TEST_CASE(a_manager_that_is_gone_is_a_failure) {
    setenv("NOTIFY_SOCKET", "/nowhere/notify", 1);
    const auto told = notify_ready();
    BOOST_REQUIRE(!told);
    BOOST_TEST(told.error() == "No such file or directory");
    setenv("NOTIFY_SOCKET", std::string(200, '/').c_str(), 1);
    BOOST_TEST(!notify_ready());
    unsetenv("NOTIFY_SOCKET");
}

BOOST_AUTO_TEST_SUITE_END()
