// The half of the dispatcher that hands requests to store threads, alone or in groups.
#include <fmt/format.h>
#include <sys/eventfd.h>

#include <utility>

#include "gateway/answer.hpp"
#include "gateway/dispatcher.hpp"
#include "gateway/list_answer.hpp"
#include "gateway/request_scope.hpp"

namespace larder {

namespace {

/// Takes the requests whose clients have gone out of the group; gives their connections.
std::vector<Connection*> abandon_gone(std::vector<Planned>& group) {
    std::vector<Connection*> gone;
    std::erase_if(group, [&](const Planned& request) {
        if (!request.connection->is_gone) return false;
        request.connection->abandon();
        gone.push_back(request.connection);
        return true;
    });
    return gone;
}

}  // namespace

StorePool::Job Dispatcher::lend(Connection& connection, StorePool::Job job) {
    connection.lend();
    return [this, &connection, job = std::move(job)](Backend& backend) mutable {
        if (connection.is_gone) {
            connection.abandon();
        } else {
            const RequestScope scope(connection.request(), backend);
            job(backend);
        }
        Connection* const answered = &connection;
        give_back({&answered, 1});
    };
}

void Dispatcher::submit(Connection& connection, StorePool::Job job) {
    StorePool::Job lent = lend(connection, std::move(job));
    if (pool_.submit(lent, 1)) return;
    connection.is_lent = false;
    refuse(connection);
}

void Dispatcher::submit_plan(Connection& connection, Plan plan) {
    submit(connection, [plan = std::move(plan), &connection](Backend& backend) {
        answer_from_store(backend, plan, connection);
    });
}

bool Dispatcher::admit(Connection& connection) {
    if (!pool_.admit(1)) {
        refuse(connection);
        return false;
    }
    connection.lend();
    return true;
}

void Dispatcher::submit_write(Connection& connection, Plan plan) {
    if (!admit(connection)) return;
    const Resource& resource = *plan.route.resource;
    if (writes_.add(&resource, {.connection = &connection, .plan = std::move(plan)})) {
        starts_.emplace_back(
            [this, &resource](Backend& backend) { write_group(backend, resource); });
    }
}

// Runs on a store thread.
void Dispatcher::write_group(Backend& backend, const Resource& resource) {
    auto group = writes_.take(&resource);
    pool_.release(group.size());
    auto connections = abandon_gone(group);
    if (answer_group(backend, resource, group)) {
        for (const Planned& write : group) connections.push_back(write.connection);
    } else {
        for (Planned& write : group) {
            Connection& connection = *write.connection;
            pool_.push(lend(connection, [plan = std::move(write.plan), &connection](Backend& own) {
                answer_from_store(own, plan, connection);
            }));
        }
    }
    give_back(connections);
    if (writes_.done(&resource)) {
        pool_.push_last([this, &resource](Backend& next) { write_group(next, resource); });
    }
}

void Dispatcher::submit_list(Connection& connection, Plan plan) {
    if (!admit(connection)) return;
    const http::Route& route = plan.route;
    const auto key = fmt::format("{}?{}{}", route.resource->path_of(route.list->path), route.limit,
                                 connection.request().for_list_cache ? "" : " uncached");
    if (lists_.add(key, {.connection = &connection, .plan = std::move(plan)})) {
        starts_.emplace_back([this, key](Backend& backend) { read_list(backend, key); });
    }
}

// Runs on a store thread.
void Dispatcher::read_list(Backend& backend, const std::string& key) {
    auto group = lists_.take(key);
    pool_.release(group.size());
    auto connections = abandon_gone(group);
    if (!group.empty()) {
        const std::size_t gone = connections.size();
        for (const Planned& reader : group) connections.push_back(reader.connection);
        const RequestScope scope(group.front().connection->request(), backend);
        answer_list(backend, group.front().plan, std::span(connections).subspan(gone));
    }
    give_back(connections);
    if (lists_.done(key)) {
        pool_.push_last([this, key](Backend& next) { read_list(next, key); });
    }
}

void Dispatcher::submit_unread(Connection& connection) {
    submit(connection, [this, &connection](Backend& backend) {
        if (!connection.read_body()) return connection.abandon();
        const auto plan = plan_of(connection);
        if (!plan) return connection.answer(answer_error(plan.error()));
        answer_from_store(backend, *plan, connection);
    });
}

void Dispatcher::give_back(std::span<Connection* const> connections) {
    {
        const std::lock_guard lock(mutex_);
        returned_.insert(returned_.end(), connections.begin(), connections.end());
    }
    eventfd_write(wake_, 1);
}

}  // namespace larder
