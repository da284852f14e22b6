#pragma once

#include <chrono>
#include <initializer_list>
#include <map>
#include <string>
#include <string_view>
#include <vector>

namespace larder::test {

/// Orders header names without regard to ASCII case.
struct CaseInsensitiveLess {
    using is_transparent = void;
    bool operator()(std::string_view left, std::string_view right) const;
};

/// One answer. `status` is 0 when there was none; `error` then says why and the rest is empty.
/// After a 100 Continue only the final answer is kept.
struct Response {
    int status = 0;
    std::multimap<std::string, std::string, CaseInsensitiveLess> headers;
    std::string body;
    std::string error;

    /// The first value of a header, or "" if there is none.
    [[nodiscard]] std::string header(std::string_view name) const;
    [[nodiscard]] bool has(std::string_view name) const { return headers.contains(name); }
};

/// Complete header lines, `Name: value`. `Name:` leaves out a header that would be sent by default.
using HeaderLines = std::vector<std::string>;

struct ClientOptions {
    std::chrono::milliseconds timeout = std::chrono::seconds(60);
    /// libcurl sends a request again when a kept connection turns out to be closed. A write goes
    /// over a fresh connection, and so is sent once, unless this is set.
    bool keep_connection_for_writes = false;
};

/// An HTTP client for one server. Safe to share: each thread has a libcurl handle, and so
/// connections, of its own. Nothing throws for want of a server; see Response.
class Client {
public:
    /// `base_url`: `http://<IPv4 address>:<port>`.
    explicit Client(std::string base_url, ClientOptions options = {});

    /// `path` is sent as it is, with the query. No body is sent when `body` is empty. A body has
    /// the content type application/json (PATCH: application/merge-patch+json) unless `headers` has
    /// one.
    [[nodiscard]] Response request(std::string_view method, std::string_view path,
                                   std::string_view body = {},
                                   const HeaderLines& headers = {}) const;

    [[nodiscard]] Response get(std::string_view path, const HeaderLines& headers = {}) const;
    [[nodiscard]] Response head(std::string_view path, const HeaderLines& headers = {}) const;
    [[nodiscard]] Response options(std::string_view path) const;
    [[nodiscard]] Response post(std::string_view path, std::string_view body,
                                const HeaderLines& headers = {}) const;
    [[nodiscard]] Response put(std::string_view path, std::string_view body,
                               const HeaderLines& headers = {}) const;
    [[nodiscard]] Response patch(std::string_view path, std::string_view body,
                                 const HeaderLines& headers = {}) const;
    [[nodiscard]] Response del(std::string_view path, const HeaderLines& headers = {}) const;

    /// Sends `pieces` over a connection of its own, with a short pause between two of them, reads
    /// until the server closes it, and returns every byte that came. For what libcurl cannot send;
    /// ask for `Connection: close`. "" if there is no server.
    [[nodiscard]] std::string raw(std::initializer_list<std::string_view> pieces) const;

    [[nodiscard]] const std::string& base_url() const { return base_url_; }

private:
    std::string base_url_;
    ClientOptions options_;
};

/// The answer in the bytes of Client::raw: status line, headers, and the body as it was sent.
Response parse_response(std::string_view bytes);

}  // namespace larder::test
