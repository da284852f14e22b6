#include "outer_nginx.hpp"

#include <fcntl.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include <fstream>
#include <iterator>
#include <stdexcept>
#include <string_view>

#include "support/parallel.hpp"
#include "support/temporary_directory.hpp"

namespace larder::test {

OuterNginx::OuterNginx(const std::string& locations)
    : port_(free_port()),
      client_("http://127.0.0.1:" + std::to_string(port_)),
      directory_(temporary_directory("larder-outer")) {
    start(locations);
}

OuterNginx::~OuterNginx() {
    if (pid_ > 0) {
        kill(pid_, SIGKILL);
        waitpid(pid_, nullptr, 0);
    }
    std::filesystem::remove_all(directory_);
}

// One process, so that none is left behind.
void OuterNginx::start(const std::string& locations) {
    const auto file = directory_ / "nginx.conf";
    std::ofstream text(file);
    text << "daemon off;\nmaster_process off;\npid nginx.pid;\nerror_log stderr crit;\n"
            "events {}\nhttp {\naccess_log off;\n";
    for (const auto* name : {"client_body", "proxy", "fastcgi", "uwsgi", "scgi"}) {
        text << name << "_temp_path " << name << ";\n";
    }
    text << "server {\nlisten 127.0.0.1:" << port_ << ";\n" << locations << "\n}\n}\n";
    text.close();
    const std::string directory = directory_;
    pid_ = fork();
    if (pid_ == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        const int nowhere = open("/dev/null", O_RDWR);
        dup2(nowhere, STDIN_FILENO);
        dup2(nowhere, STDOUT_FILENO);
        execlp("nginx", "nginx", "-p", directory.c_str(), "-c", file.c_str(), "-e", "stderr",
               nullptr);
        _exit(127);
    }
    if (pid_ < 0 || !eventually([&] { return client_.get("/").status != 0; })) {
        throw std::runtime_error("an nginx in front does not answer: " + locations);
    }
}

void have_clients_named(const Stack& stack) {
    const std::filesystem::path configuration = stack.status().at("nginx_conf");
    std::ifstream file(configuration);
    std::string text(std::istreambuf_iterator<char>(file), {});
    const std::string_view server = "server {\n";
    text.insert(text.find(server) + server.size(),
                "set_real_ip_from 127.0.0.1;\nreal_ip_header X-Forwarded-For;\n");
    std::ofstream(configuration) << text;
    stack.kill(stack.pids("nginx").front(), SIGHUP);
}

}  // namespace larder::test
