#include "testbed.hpp"

#include <signal.h>

#include <cstdlib>
#include <stdexcept>

#include "support/temporary_directory.hpp"

namespace larder::coherence {
namespace {

namespace fs = std::filesystem;

test::Environment stack_environment(const std::string& redis_socket) {
    test::Environment environment = {{"REDIS_URL", "unix://" + redis_socket}};
    for (const char* name : {"LARDER_WORKER", "LARDER_FEED"}) {
        const char* value = std::getenv(name);
        if (value != nullptr) environment[name] = value;
    }
    return environment;
}

}  // namespace

TestBed::TestBed(bool with_proxies) : directory_(test::temporary_directory("larder-coherence")) {
    redis_ = std::make_unique<RedisServer>(directory_);
    std::string socket = redis_->socket();
    if (with_proxies) {
        socket = directory_ / "proxy.sock";
        redis_proxy_ = std::make_unique<SocketProxy>(socket, redis_->socket());
    }
    stack_ = std::make_unique<test::Stack>(stack_environment(socket));
    if (!with_proxies) return;
    const fs::path directory = stack_->status().at("postgresql_socket");
    database_socket_ = directory / ".s.PGSQL.5432";
    fs::rename(database_socket_, real_database_socket());
    database_proxy_ = std::make_unique<SocketProxy>(database_socket_, real_database_socket());
    // So that those who have a connection past the proxy make new ones.
    stack_->signal("worker", SIGKILL);
    stack_->signal("feed", SIGKILL);
}

TestBed::~TestBed() {
    stack_.reset();
    database_proxy_.reset();
    redis_proxy_.reset();
    redis_.reset();
    std::error_code ignored;
    fs::remove_all(directory_, ignored);
}

std::string TestBed::real_database_socket() const { return database_socket_.string() + ".real"; }

void TestBed::interpose_database_proxy() {
    if (!database_proxy_) return;
    fs::rename(database_socket_, real_database_socket());
    database_proxy_->listen_on(database_socket_);
}

bool TestBed::has_feed() const { return !stack_->pids("feed").empty(); }

}  // namespace larder::coherence
