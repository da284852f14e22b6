#include "api/list_answer.hpp"

#include <fmt/format.h>

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "api/list_form.hpp"
#include "api/operation.hpp"
#include "api/record_answer.hpp"
#include "cache/generations.hpp"
#include "http/parameters.hpp"
#include "mutant.hpp"
#include "observe/log.hpp"
#include "query/operators.hpp"
#include "query/tag.hpp"
#include "query/text.hpp"
#include "records/list.hpp"

namespace larder {

namespace {

constexpr std::size_t streamed_from = 262144;  // bytes; a shorter list has a Content-Length
// Of a list of a value, for there may be thousands.
constexpr std::size_t largest_file_of_value = 32768;  // bytes
constexpr int for_ever = 10 * 365 * 24 * 3600;        // seconds; a list with no expiry

class ListAnswer {
public:
    ListAnswer(std::span<Connection* const> connections, const Resource& resource,
               const query::Query& query)
        : connections_(connections.begin(), connections.end()),
          resource_(resource),
          form_(query.form),
          is_chosen_(!connections.front()->request().accept.empty()),
          frame_(list_frame(resource, query, connections.front()->request().for_list_cache)) {
        response_.content_type = frame_.content_type;
    }

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
        // nginx adds it to all others (nginx/list_maps.conf).
        if (is_chosen_) http::add_header(response_, "Vary", "Accept");
        response_.body = frame_.begin;
    }

    bool add(std::string_view record) {
        if (!is_first_) response_.body += frame_.between;
        is_first_ = false;
        append_record(response_.body, form_, record);
        response_.body += frame_.after_each;
        return response_.body.size() < streamed_from || flush();
    }

    void end() {
        response_.body += frame_.end;
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
            if (!is_streaming_) {
                connection->begin(response_, is_chosen_ ? Connection::Pace::of_client
                                                        : Connection::Pace::of_nginx);
            }
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
    const query::Form form_;
    const bool is_chosen_;  // by Accept
    const ListFrame frame_;
    http::Response response_;
    bool is_bare_ = true;
    bool is_first_ = true;
    bool is_streaming_ = false;
};

/// Whether nginx may keep the answer to a list of this tag under the one that it has found: that of
/// a collection is swapped by every write, and another has to be the same.
bool is_kept_under(std::string_view found, std::string_view tag) {
    return found.empty() || (found.starts_with('.') && found.substr(1) == tag);
}

/// nginx would refuse it, and a page without a link would be the last.
Error too_long_to_go_on(const query::Query& query) {
    return http::invalid_parameters({http::refused_parameter(
        query.is_sorted ? "sort" : "limit",
        fmt::format("ends the page at a record whose values in the order are so long that the link"
                    " to the rest would have over {} bytes; choose another order or limit",
                    query::longest_link))});
}

/// Whether nginx looks for the answer in a file: the list as it is, or of one value and nothing
/// else.
bool has_file(const List& list, const query::Query& query, std::string_view tag) {
    return query.key.empty() || (query::is_open(list) && query.key == tag);
}

}  // namespace

std::string path_of(const Resource& resource, const List& list) {
    return list.path.empty() ? fmt::format("/{}", resource.name) : resource.path_of(list.path);
}

void answer_list(Backend& backend, const Collection& collection, const List& list,
                 const query::Query& query, std::span<Connection* const> connections) {
    const http::Request& request = connections.front()->request();
    Generations& generations = backend.services.generations;
    const Resource& resource = collection.resource;
    const std::string tag = query::tag_of(collection.statements.tag_sources(), list, query);
    // nginx keeps nothing of what depends on Accept (nginx/list_form.conf).
    const bool is_chosen = !request.accept.empty();
    const bool can_be_kept = !is_chosen && request.for_list_cache && has_file(list, query, tag);
    // Made for nginx too, where it has found none.
    File generation =
        request.for_list_cache ? generations.open_current(resource.name, tag) : File();
    const bool is_agreed = is_kept_under(request.list_tag, tag);
    ListAnswer answer(connections, resource, query);
    std::optional<Error> refused;
    const auto begin = [&](const ListHead& head) {
        if (!head.total.empty()) answer.add_header("X-Total-Count", head.total);
        if (head.rest) {
            const auto link =
                query::next_link(backend.services.settings.public_path + path_of(resource, list),
                                 resource, list, query, *head.rest);
            if (!link) return refused.emplace(too_long_to_go_on(query)), void();
            answer.add_header("Link", *link);
        }
        answer.begin(head.is_cacheable && query.is_kept && is_agreed && !is_chosen,
                     backend.services.settings.list_cache_ttl);
    };
    const auto read =
        read_list(backend, collection, list, query, tag, begin,
                  [&](std::string_view json) { return !refused && answer.add(json); });
    if (!read) return answer.fail(read.error());
    if (refused) return answer.fail(*refused);
    answer.end();
    if (can_be_kept && mutant == Mutant::late_generation)
        generation = generations.open_current(resource.name, tag);
    const auto body = answer.cacheable_body();
    if (!can_be_kept || !generation.is_open() || body.empty()) return;
    if (query.key.empty() || body.size() <= largest_file_of_value) {
        generations.keep(resource.name, tag, list.file(), std::move(generation), body);
    }
}

}  // namespace larder
