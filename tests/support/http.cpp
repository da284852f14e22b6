#include "http.hpp"

#include <arpa/inet.h>
#include <curl/curl.h>
#include <netinet/in.h>
#include <strings.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <memory>
#include <thread>

namespace larder::test {
namespace {

using Easy = std::unique_ptr<CURL, decltype(&curl_easy_cleanup)>;

struct CurlLibrary {
    CurlLibrary() { curl_global_init(CURL_GLOBAL_DEFAULT); }
    ~CurlLibrary() { curl_global_cleanup(); }
};

CURL* handle_of_this_thread() {
    static const CurlLibrary library;
    thread_local const Easy handle(curl_easy_init(), curl_easy_cleanup);
    curl_easy_reset(handle.get());
    return handle.get();
}

size_t append_body(char* data, size_t size, size_t count, void* response) {
    static_cast<Response*>(response)->body.append(data, size * count);
    return size * count;
}

std::string_view trimmed(std::string_view text) {
    const auto is_space = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\n'; };
    while (!text.empty() && is_space(text.front())) text.remove_prefix(1);
    while (!text.empty() && is_space(text.back())) text.remove_suffix(1);
    return text;
}

void add_header(Response& response, std::string_view line) {
    if (line.starts_with("HTTP/")) {
        response.headers.clear();
        return;
    }
    const auto colon = line.find(':');
    if (colon == std::string_view::npos) return;
    response.headers.emplace(trimmed(line.substr(0, colon)), trimmed(line.substr(colon + 1)));
}

size_t append_header(char* data, size_t size, size_t count, void* response) {
    add_header(*static_cast<Response*>(response), std::string_view(data, size * count));
    return size * count;
}

bool names(const HeaderLines& headers, std::string_view name) {
    return std::ranges::any_of(headers, [&](const std::string& line) {
        return line.size() > name.size() && line[name.size()] == ':' &&
               strncasecmp(line.data(), name.data(), name.size()) == 0;
    });
}

HeaderLines complete(std::string_view method, std::string_view body, HeaderLines headers) {
    // A body over 1 MiB would otherwise wait a second for "100 Continue".
    headers.emplace_back("Expect:");
    if (!body.empty() && !names(headers, "Content-Type")) {
        headers.emplace_back(method == "PATCH" ? "Content-Type: application/merge-patch+json"
                                               : "Content-Type: application/json");
    }
    return headers;
}

void describe_request(CURL* curl, const std::string& method, std::string_view body) {
    if (method == "HEAD") {
        curl_easy_setopt(curl, CURLOPT_NOBODY, 1L);
    } else if (!body.empty()) {
        curl_easy_setopt(curl, CURLOPT_POSTFIELDSIZE_LARGE, static_cast<curl_off_t>(body.size()));
        curl_easy_setopt(curl, CURLOPT_POSTFIELDS, body.data());
    }
    curl_easy_setopt(curl, CURLOPT_CUSTOMREQUEST, method.c_str());
}

bool is_write(std::string_view method) {
    return method != "GET" && method != "HEAD" && method != "OPTIONS";
}

struct Socket {
    int descriptor = -1;
    ~Socket() {
        if (descriptor >= 0) close(descriptor);
    }
};

int connect_to(const std::string& base_url) {
    const auto colon = base_url.rfind(':');
    const auto slash = base_url.rfind('/') + 1;
    sockaddr_in address{};
    address.sin_family = AF_INET;
    address.sin_port = htons(static_cast<uint16_t>(std::stoi(base_url.substr(colon + 1))));
    inet_pton(AF_INET, base_url.substr(slash, colon - slash).c_str(), &address.sin_addr);
    const int descriptor = socket(AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0);
    timeval patience{.tv_sec = 60, .tv_usec = 0};
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &patience, sizeof patience);
    if (connect(descriptor, reinterpret_cast<sockaddr*>(&address), sizeof address) == 0) {
        return descriptor;
    }
    close(descriptor);
    return -1;
}

void send_all(int descriptor, std::string_view bytes) {
    while (!bytes.empty()) {
        const ssize_t sent = send(descriptor, bytes.data(), bytes.size(), MSG_NOSIGNAL);
        if (sent <= 0) return;
        bytes.remove_prefix(static_cast<size_t>(sent));
    }
}

std::string receive_all(int descriptor) {
    std::string answer;
    char buffer[16384];
    while (true) {
        const ssize_t got = recv(descriptor, buffer, sizeof buffer, 0);
        if (got <= 0) return answer;
        answer.append(buffer, static_cast<size_t>(got));
    }
}

}  // namespace

bool CaseInsensitiveLess::operator()(std::string_view left, std::string_view right) const {
    const int order = strncasecmp(left.data(), right.data(), std::min(left.size(), right.size()));
    return order != 0 ? order < 0 : left.size() < right.size();
}

std::string Response::header(std::string_view name) const {
    const auto found = headers.find(name);
    return found == headers.end() ? std::string() : found->second;
}

Client::Client(std::string base_url, ClientOptions options)
    : base_url_(std::move(base_url)), options_(options) {}

Response Client::request(std::string_view method, std::string_view path, std::string_view body,
                         const HeaderLines& headers) const {
    CURL* curl = handle_of_this_thread();
    Response response;
    curl_slist* lines = nullptr;
    for (const auto& line : complete(method, body, headers)) {
        lines = curl_slist_append(lines, line.c_str());
    }
    const std::string url = base_url_ + std::string(path);
    describe_request(curl, std::string(method), body);
    curl_easy_setopt(curl, CURLOPT_URL, url.c_str());
    curl_easy_setopt(curl, CURLOPT_PATH_AS_IS, 1L);
    curl_easy_setopt(curl, CURLOPT_NOSIGNAL, 1L);
    curl_easy_setopt(curl, CURLOPT_NOPROXY, "*");
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, lines);
    curl_easy_setopt(curl, CURLOPT_TIMEOUT_MS, static_cast<long>(options_.timeout.count()));
    curl_easy_setopt(curl, CURLOPT_FRESH_CONNECT,
                     is_write(method) && !options_.keep_connection_for_writes ? 1L : 0L);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, append_body);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &response);
    curl_easy_setopt(curl, CURLOPT_HEADERFUNCTION, append_header);
    curl_easy_setopt(curl, CURLOPT_HEADERDATA, &response);
    const CURLcode outcome = curl_easy_perform(curl);
    curl_slist_free_all(lines);
    if (outcome != CURLE_OK) {
        return Response{
            .status = 0, .headers = {}, .body = {}, .error = curl_easy_strerror(outcome)};
    }
    long status = 0;
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    response.status = static_cast<int>(status);
    return response;
}

Response Client::get(std::string_view path, const HeaderLines& headers) const {
    return request("GET", path, {}, headers);
}

Response Client::head(std::string_view path, const HeaderLines& headers) const {
    return request("HEAD", path, {}, headers);
}

Response Client::options(std::string_view path) const { return request("OPTIONS", path); }

Response Client::post(std::string_view path, std::string_view body,
                      const HeaderLines& headers) const {
    return request("POST", path, body, headers);
}

Response Client::put(std::string_view path, std::string_view body,
                     const HeaderLines& headers) const {
    return request("PUT", path, body, headers);
}

Response Client::patch(std::string_view path, std::string_view body,
                       const HeaderLines& headers) const {
    return request("PATCH", path, body, headers);
}

Response Client::del(std::string_view path, const HeaderLines& headers) const {
    return request("DELETE", path, {}, headers);
}

std::string Client::raw(std::initializer_list<std::string_view> pieces) const {
    const Socket socket{connect_to(base_url_)};
    if (socket.descriptor < 0) return {};
    bool first = true;
    for (const auto piece : pieces) {
        if (!first) std::this_thread::sleep_for(std::chrono::milliseconds(50));
        first = false;
        send_all(socket.descriptor, piece);
    }
    return receive_all(socket.descriptor);
}

Response parse_response(std::string_view bytes) {
    Response response;
    const auto end = bytes.find("\r\n\r\n");
    if (!bytes.starts_with("HTTP/1.") || end == std::string_view::npos) {
        response.error = "not an HTTP answer";
        return response;
    }
    std::from_chars(bytes.data() + 9, bytes.data() + 12, response.status);
    response.body = bytes.substr(end + 4);
    auto head = bytes.substr(0, end);
    while (!head.empty()) {
        const auto line = head.substr(0, head.find("\r\n"));
        add_header(response, line);
        head.remove_prefix(std::min(head.size(), line.size() + 2));
    }
    return response;
}

}  // namespace larder::test
