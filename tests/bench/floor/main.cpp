// larder-floor: what a cached record costs at least when it is read over FastCGI.
//
//   larder-floor REDIS_SOCKET
//
// Serves on the listening socket that is its standard input, like larder-worker. The answer to a
// request is the value of the Redis key that is its path; the keys of all requests that are ready
// together are read by one MGET. Nothing is checked, nothing is guaranteed.

#include <fcgiapp.h>
#include <fcntl.h>
#include <fmt/format.h>
#include <hiredis/hiredis.h>
#include <sched.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <unistd.h>

#include <array>
#include <csignal>
#include <cstdlib>
#include <memory>
#include <stdexcept>
#include <string>
#include <vector>

namespace {

struct FreeReply {
    void operator()(redisReply* reply) const { freeReplyObject(reply); }
};

class Floor {
public:
    explicit Floor(const char* redis_socket)
        : epoll_(epoll_create1(EPOLL_CLOEXEC)), redis_(redisConnectUnix(redis_socket)) {
        if (epoll_ < 0) throw std::runtime_error("epoll_create1 failed");
        if (redis_ == nullptr || redis_->err != 0) throw std::runtime_error("Redis is away");
        fcntl(STDIN_FILENO, F_SETFL, fcntl(STDIN_FILENO, F_GETFL) | O_NONBLOCK);
        watch(STDIN_FILENO, nullptr, EPOLLIN | EPOLLEXCLUSIVE);
    }

    [[noreturn]] void run() {
        std::array<epoll_event, 512> events{};
        for (;;) {
            const int count =
                epoll_wait(epoll_, events.data(), static_cast<int>(events.size()), -1);
            for (int i = 0; i < count; ++i) {
                auto* request =
                    static_cast<FCGX_Request*>(events[static_cast<std::size_t>(i)].data.ptr);
                if (request == nullptr) {
                    accept_connection();
                } else if (FCGX_Accept_r(request) == 0) {
                    batch_.push_back(request);
                } else {
                    FCGX_Free(request, 1);
                    delete request;
                }
            }
            if (!batch_.empty()) answer_batch();
        }
    }

private:
    void watch(int fd, FCGX_Request* request, std::uint32_t events) const {
        epoll_event event{};
        event.events = events;
        event.data.ptr = request;
        if (epoll_ctl(epoll_, EPOLL_CTL_ADD, fd, &event) != 0) {
            throw std::runtime_error("epoll_ctl failed");
        }
    }

    // Given a connection and no listener, FCGX_Accept_r reads one request from it.
    void accept_connection() const {
        const int fd = accept4(STDIN_FILENO, nullptr, nullptr, SOCK_CLOEXEC);
        if (fd < 0) return;
        auto* request = new FCGX_Request;
        FCGX_InitRequest(request, -1, 0);
        request->ipcFd = fd;
        request->keepConnection = 1;
        watch(fd, request, EPOLLIN);
    }

    void answer_batch() {
        arguments_.assign(1, "MGET");
        for (FCGX_Request* request : batch_) {
            arguments_.push_back(FCGX_GetParam("REQUEST_URI", request->envp));
        }
        const std::unique_ptr<redisReply, FreeReply> reply(
            static_cast<redisReply*>(redisCommandArgv(redis_, static_cast<int>(arguments_.size()),
                                                      arguments_.data(), nullptr)));
        if (reply == nullptr || reply->elements != batch_.size()) {
            throw std::runtime_error("MGET failed");
        }
        for (std::size_t i = 0; i < batch_.size(); ++i) answer(*batch_[i], *reply->element[i]);
        batch_.clear();
    }

    static void answer(FCGX_Request& request, const redisReply& value) {
        const bool is_found = value.type == REDIS_REPLY_STRING;
        const std::string_view body(is_found ? value.str : "", is_found ? value.len : 0);
        const std::string text = fmt::format(
            "{}Content-Type: application/json\r\nX-Cache: HIT\r\nContent-Length: {}\r\n\r\n{}",
            is_found ? "" : "Status: 404 Not Found\r\n", body.size(), body);
        FCGX_PutStr(text.data(), static_cast<int>(text.size()), request.out);
        FCGX_Finish_r(&request);
    }

    int epoll_;
    redisContext* redis_;
    std::vector<FCGX_Request*> batch_;
    std::vector<const char*> arguments_;
};

}  // namespace

int main(int argc, char** argv) {
    if (argc != 2) {
        fmt::print(stderr, "usage: larder-floor REDIS_SOCKET\n");
        return EXIT_FAILURE;
    }
    try {
        const sched_param none{};
        sched_setscheduler(0, SCHED_BATCH, &none);  // as larder-worker
        FCGX_Init();
        std::signal(SIGTERM, SIG_DFL);  // FCGX_Init has taken it over
        Floor(argv[1]).run();
    } catch (const std::exception& error) {
        fmt::print(stderr, "larder-floor: {}\n", error.what());
        return EXIT_FAILURE;
    }
}
