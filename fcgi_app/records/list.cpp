#include "records/list.hpp"

#include <fmt/format.h>

#include <chrono>
#include <iterator>

#include "mutant.hpp"
#include "query/text.hpp"
#include "records/effects.hpp"
#include "records/epoch.hpp"
#include "store/cache_locks.hpp"

namespace larder {

namespace {

class ListReader {
public:
    ListReader(const Collection& collection, const List& list, const query::Query& query)
        : limit_(static_cast<std::size_t>(query.limit)) {
        const Statements& statements = collection.statements;
        // One more than a page tells whether there are more.
        is_held_ = limit_ != 0 && limit_ < Session::held_rows;
        asked_.rows = statements.list(list, query, query.limit + (is_held_ ? 1 : 0));
        asked_.limit = limit_ + (is_held_ ? 1 : 0);
        if (query.is_counted) asked_.heads.push_back(statements.count(list, query));
        if (limit_ != 0 && !is_held_) asked_.heads.push_back(statements.end_of_page(list, query));
        is_counted_ = query.is_counted;
    }

    Session::Query& asked() { return asked_; }

    ListHead head_of(const Session::Head& found) const {
        ListHead head;
        if (is_counted_) head.total = found.heads.front().at(0).at(0).value_or("");
        if (is_held_ && found.rows->size() > limit_) {
            const Row& last = (*found.rows)[limit_ - 1];
            head.rest.emplace(std::next(last.begin()), last.end());
        } else if (limit_ != 0 && !is_held_ && found.heads.back().size() > 1) {
            head.rest = found.heads.back().front();
        }
        return head;
    }

    /// Whether the next row is of the page.
    bool is_on_page() { return limit_ == 0 || taken_++ < limit_; }

private:
    Session::Query asked_;
    std::size_t limit_;
    bool is_held_ = false;
    bool is_counted_ = false;
    std::size_t taken_ = 0;
};

/// What the client is told where PostgreSQL could not answer a query of its own.
Error explained(Error error, const query::Query& query, int timeout) {
    if (error.is_timed_out) {
        error.detail = fmt::format("The query took over {} ms: no index serves {} together.",
                                   timeout, query::summary_of(query));
    } else if (error.kind == ErrorKind::unprocessable) {
        error.detail = "The database cannot compare with a value of this query.";
        error.log.clear();  // what a client can cause at will fills no log
        if (query.after) {
            error.fields = {{.pointer = {},
                             .detail = "has a value that the database cannot compare with",
                             .parameter = "after"}};
        }
    }
    return error;
}

}  // namespace

Expected<void> read_list(Backend& backend, const Collection& collection, const List& list,
                         const query::Query& query, std::string_view tag,
                         const std::function<void(const ListHead&)>& begin,
                         const std::function<bool(std::string_view)>& take) {
    ListReader reader(collection, list, query);
    const int timeout = backend.services.settings.query_timeout_ms;
    if (!query.is_simple()) reader.asked().timeout = std::chrono::milliseconds(timeout);
    // Of the tags of a description that another worker does not have, that one locks nothing. And
    // where a writer of this process is about to commit there is nothing to ask.
    const bool is_written =
        tag.empty() ? collection.writers_at_work.load() > 0 : descriptions_change(backend.services);
    if (mutant != Mutant::no_lock_check && !is_written) {
        reader.asked().before = are_free(locks_of_readers(collection.resource, tag));
    }
    const auto take_head = [&](const Session::Head& found) {
        ListHead head = reader.head_of(found);
        head.is_cacheable =
            mutant == Mutant::no_lock_check || (!is_written && found.before.at(0).at(0) == "t");
        begin(head);
    };
    const auto take_row = [&](const Row& row) { return !reader.is_on_page() || take(*row[0]); };
    auto done = backend.session.stream(reader.asked(), take_head, take_row);
    if (!done && !query.is_simple()) {
        return std::unexpected(explained(std::move(done.error()), query, timeout));
    }
    return done;
}

}  // namespace larder
