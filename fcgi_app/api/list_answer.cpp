#include "api/list_answer.hpp"

#include <fmt/format.h>

#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/operation.hpp"
#include "api/record_answer.hpp"
#include "cache/generations.hpp"
#include "catalog/tags.hpp"
#include "mutant.hpp"
#include "observe/log.hpp"
#include "records/list.hpp"

namespace larder {

namespace {

constexpr std::size_t streamed_from = 262144;   // bytes; a shorter list has a Content-Length
constexpr int for_ever = 10 * 365 * 24 * 3600;  // seconds; a list with no expiry

class ListAnswer {
public:
    ListAnswer(std::span<Connection* const> connections, const Resource& resource)
        : connections_(connections.begin(), connections.end()), resource_(resource) {}

    void begin(bool cacheable, int lifetime) {
        const int seconds = lifetime == 0 ? for_ever : lifetime;
        response_.is_kept = cacheable;
        http::add_header(response_, "X-Accel-Expires", std::to_string(cacheable ? seconds : 0));
        http::add_header(response_, "X-Cache", name_of(CacheState::bypass));
        http::add_header(response_, "Cache-Control", http::not_without_asking);
        // nginx puts `false` for `true` where the answer did not come from its cache, and its own
        // X-Cache: see nginx/list_flagged.conf.
        if (resource_.is_wrapped()) {
            response_.body = fmt::format(R"({{"cached":{},"{}":)",
                                         connections_.front()->request().for_list_cache,
                                         resource_.envelope.list);
        }
        response_.body += '[';
    }

    bool add(std::string_view json) {
        if (!is_first_) response_.body += ',';
        is_first_ = false;
        response_.body += json;
        return response_.body.size() < streamed_from || flush();
    }

    void end() {
        response_.body += resource_.is_wrapped() ? "]}" : "]";
        if (is_streaming_) flush();
        for (Connection* connection : connections_) {
            if (is_streaming_) {
                connection->finish();
            } else {
                connection->answer(response_);
            }
        }
    }

    /// What to keep of it; empty: nothing.
    std::string_view cacheable_body() const {
        return response_.is_kept && !is_streaming_ ? response_.body : std::string_view();
    }

    void fail(const Error& error) {
        if (is_streaming_) {
            log_error("list_cut_off", {{"list", resource_.name}, {"error", error.log}});
            for (Connection* connection : connections_) connection->abandon();
            return;
        }
        const http::Response answer = answer_error(error);
        for (Connection* connection : connections_) connection->answer(answer);
    }

private:
    bool flush() {
        std::erase_if(connections_, [this](Connection* connection) {
            if (!is_streaming_) connection->begin(response_);
            if (connection->write(response_.body) && !connection->is_gone()) return false;
            connection->abandon();
            return true;
        });
        is_streaming_ = true;
        response_.body.clear();
        return !connections_.empty();
    }

    std::vector<Connection*> connections_;  // that still want it
    const Resource& resource_;
    http::Response response_;
    bool is_first_ = true;
    bool is_streaming_ = false;
};

/// Whether nginx may keep the answer to a list of this tag under the one that it has found: that of
/// a collection is swapped by every write, and another has to be the same.
bool is_kept_under(std::string_view found, std::string_view tag) {
    return found.empty() || (found.starts_with('.') && found.substr(1) == tag);
}

}  // namespace

void answer_list(Backend& backend, const Collection& collection, const List& list,
                 std::string_view limit, std::span<Connection* const> connections) {
    const http::Request& request = connections.front()->request();
    const bool can_be_kept = request.for_list_cache && limit.empty();
    Generations& generations = backend.services.generations;
    const auto name = collection.resource.name;
    const std::string tag = tag_of(list);
    // Made for nginx too, where it has found none.
    File generation = request.for_list_cache ? generations.open_current(name, tag) : File();
    const bool is_agreed = is_kept_under(request.list_tag, tag);
    ListAnswer answer(connections, collection.resource);
    const int usual = collection.resource.page.usual;
    const auto read = read_list(
        backend, collection, list, tag, limit.empty() && usual != 0 ? std::to_string(usual) : limit,
        [&](bool cacheable) {
            answer.begin(cacheable && is_agreed, backend.services.settings.list_cache_ttl);
        },
        [&](std::string_view json) { return answer.add(json); });
    if (!read) return answer.fail(read.error());
    answer.end();
    if (can_be_kept && mutant == Mutant::late_generation)
        generation = generations.open_current(name, tag);
    if (can_be_kept && generation.is_open() && !answer.cacheable_body().empty()) {
        generations.keep(name, tag, list.file(), std::move(generation), answer.cacheable_body());
    }
}

}  // namespace larder
