#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "fixture.hpp"

namespace larder::test {

/// One request and what is right for it.
struct Request {
    std::string method;
    std::string path;
    std::string body = {};
    HeaderLines headers = {};
    int status = 200;
    /// Of a write that succeeds: the record after it, without `id`; missing: it is gone.
    std::optional<Json> result = {};
    std::size_t limit = 0;   ///< of a list; 0: none
    bool is_replay = false;  ///< of a write that was done before; it has no result
    /// Of an import of one row: where it is sent, if `path` is that of the record that it changes.
    std::string target = {};
    bool is_import = false;

    [[nodiscard]] bool is_read() const { return method == "GET"; }
    [[nodiscard]] bool creates() const { return method == "POST" && result && target.empty(); }
};

/// A part of the contract that the test goes through with each call failing in turn.
struct Step {
    std::string name;
    /// Makes what the requests need, with no fault armed; they are then sent together.
    std::function<std::vector<Request>()> prepare;
    /// Values of employee_id that the requests touch; `prepare` fills it.
    std::shared_ptr<std::vector<std::string>> claims = std::make_shared<std::vector<std::string>>();
    bool is_nginx_alone = false;  ///< the workers make no call
    bool reconnects = false;      ///< the worker's loop has lost its connection to Redis before
};

std::vector<Step> all_steps();

}  // namespace larder::test
