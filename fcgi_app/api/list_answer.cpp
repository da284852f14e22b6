#include "api/list_answer.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/operation.hpp"
#include "api/record_answer.hpp"
#include "cache/generations.hpp"
#include "http/parameters.hpp"
#include "mutant.hpp"
#include "observe/log.hpp"
#include "query/text.hpp"
#include "records/list.hpp"

namespace larder {

namespace {

constexpr std::size_t streamed_from = 262144;   // bytes; a shorter list has a Content-Length
constexpr int for_ever = 10 * 365 * 24 * 3600;  // seconds; a list with no expiry

class ListAnswer {
public:
    ListAnswer(std::span<Connection* const> connections, const Resource& resource)
        : connections_(connections.begin(), connections.end()), resource_(resource) {}

    /// A header field of its own; to be called before `begin`.
    void add_header(std::string_view name, std::string_view value) {
        http::add_header(response_, name, value);
        is_bare_ = false;
    }

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

    /// What to keep of it; empty: nothing. A file has no header fields.
    std::string_view cacheable_body() const {
        return response_.is_kept && is_bare_ && !is_streaming_ ? response_.body
                                                               : std::string_view();
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
    bool is_bare_ = true;
    bool is_first_ = true;
    bool is_streaming_ = false;
};

/// nginx would refuse it, and a page without a link would be the last.
Error too_long_to_go_on(const query::Query& query) {
    return http::invalid_parameters({http::refused_parameter(
        query.is_sorted ? "sort" : "limit",
        fmt::format("ends the page at a record whose values in the order are so long that the link"
                    " to the rest would have over {} bytes; choose another order or limit",
                    query::longest_link))});
}

}  // namespace

std::string path_of(const Resource& resource, const List& list) {
    return list.path.empty() ? fmt::format("/{}", resource.name) : resource.path_of(list.path);
}

void answer_list(Backend& backend, const Collection& collection, const List& list,
                 const query::Query& query, std::span<Connection* const> connections) {
    const bool can_be_kept = connections.front()->request().for_list_cache && query.key.empty();
    Generations& generations = backend.services.generations;
    const Resource& resource = collection.resource;
    File generation = can_be_kept ? generations.open_current(resource.name) : File();
    ListAnswer answer(connections, resource);
    std::optional<Error> refused;
    const auto begin = [&](const ListHead& head) {
        if (!head.total.empty()) answer.add_header("X-Total-Count", head.total);
        if (head.rest) {
            const auto link =
                query::next_link(path_of(resource, list), resource, list, query, *head.rest);
            if (!link) return refused.emplace(too_long_to_go_on(query)), void();
            answer.add_header("Link", *link);
        }
        answer.begin(head.is_cacheable && query.is_kept, backend.services.settings.list_cache_ttl);
    };
    const auto read =
        read_list(backend, collection, list, query, begin,
                  [&](std::string_view json) { return !refused && answer.add(json); });
    if (!read) return answer.fail(read.error());
    if (refused) return answer.fail(*refused);
    answer.end();
    if (can_be_kept && mutant == Mutant::late_generation)
        generation = generations.open_current(resource.name);
    if (generation.is_open() && !answer.cacheable_body().empty()) {
        generations.keep(resource.name, list.file(), std::move(generation),
                         answer.cacheable_body());
    }
}

}  // namespace larder
