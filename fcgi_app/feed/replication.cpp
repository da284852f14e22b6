#include "feed/replication.hpp"

#include <fmt/format.h>
#include <libpq-fe.h>

#include <vector>

#include "cache/shared_memory.hpp"
#include "store/pooler.hpp"

namespace larder {

namespace {

using Options = std::unique_ptr<PQconninfoOption, decltype(&PQconninfoFree)>;

/// libpq's messages are lines of a terminal; a log line has no use for their breaks.
std::string one_line(const char* message) {
    std::string text = message;
    while (!text.empty() && text.back() == '\n') text.pop_back();
    for (char& c : text) c = c == '\n' || c == '\t' ? ' ' : c;
    return text;
}

}  // namespace

void Replication::Close::operator()(pg_conn* connection) const { PQfinish(connection); }
void Replication::Clear::operator()(pg_result* result) const { PQclear(result); }
void Replication::FreeMemory::operator()(char* memory) const { PQfreemem(memory); }

std::unexpected<std::string> Replication::failure() const {
    return std::unexpected(one_line(PQerrorMessage(connection_.get())));
}

std::unexpected<std::string> Replication::refusal() const {
    auto message = failure();
    if (is_refusal_of_pooler(message.error())) {
        message.error() = fmt::format(
            "it was led to a pooler, which does not pass on PostgreSQL's log; set"
            " DIRECT_DATABASE_URL to the address of PostgreSQL itself ({})",
            message.error());
    }
    return message;
}

Replication::Result<void> Replication::open(const std::string& url) {
    char* error = nullptr;
    const Options options(PQconninfoParse(url.c_str(), &error), PQconninfoFree);
    const std::unique_ptr<char, FreeMemory> message(error);
    if (!options) return std::unexpected(one_line(error == nullptr ? "out of memory" : error));
    std::vector<const char*> names;
    std::vector<const char*> values;
    const auto add = [&](const char* name, const char* value) {
        names.push_back(name);
        values.push_back(value);
    };
    for (const auto* option = options.get(); option->keyword != nullptr; ++option) {
        if (option->val != nullptr) add(option->keyword, option->val);
    }
    add("replication", "database");
    add(nullptr, nullptr);
    constexpr int no_expansion = 0;
    connection_.reset(PQconnectdbParams(names.data(), values.data(), no_expansion));
    if (PQstatus(connection_.get()) != CONNECTION_OK) return refusal();
    // To make a slot is to wait for the transactions of others, which are locks to PostgreSQL.
    const std::unique_ptr<pg_result, Clear> result(
        PQexec(connection_.get(), "SET lock_timeout = 0"));
    if (PQresultStatus(result.get()) != PGRES_COMMAND_OK) return failure();
    return {};
}

int Replication::socket() const { return PQsocket(connection_.get()); }

Replication::Result<void> Replication::request_slot() {
    // A name of its own: the slot of a connection that was lost may live on for a while.
    slot_ = "larder_" + random_token();
    const auto command = fmt::format(
        "CREATE_REPLICATION_SLOT {} TEMPORARY LOGICAL pgoutput NOEXPORT_SNAPSHOT", slot_);
    if (PQsendQuery(connection_.get(), command.c_str()) != 1) return failure();
    return {};
}

Replication::Result<bool> Replication::has_slot() {
    if (PQconsumeInput(connection_.get()) != 1) return failure();
    bool is_created = false;
    while (PQisBusy(connection_.get()) == 0) {
        const std::unique_ptr<pg_result, Clear> result(PQgetResult(connection_.get()));
        if (!result) return is_created ? Result<bool>(true) : failure();
        is_created = PQresultStatus(result.get()) == PGRES_TUPLES_OK;
        if (!is_created) return std::unexpected(one_line(PQresultErrorMessage(result.get())));
    }
    return false;
}

Replication::Result<void> Replication::start(std::string_view publication) {
    const auto command = fmt::format(
        "START_REPLICATION SLOT {} LOGICAL 0/0"
        " (proto_version '1', publication_names '{}', messages 'true')",
        slot_, publication);
    const std::unique_ptr<pg_result, Clear> result(PQexec(connection_.get(), command.c_str()));
    if (PQresultStatus(result.get()) != PGRES_COPY_BOTH) return failure();
    return {};
}

Replication::Result<void> Replication::consume() {
    if (PQconsumeInput(connection_.get()) != 1) return failure();
    return {};
}

Replication::Result<std::optional<std::string_view>> Replication::next() {
    constexpr int do_not_wait = 1;
    char* bytes = nullptr;
    const int size = PQgetCopyData(connection_.get(), &bytes, do_not_wait);
    message_.reset(bytes);
    if (size > 0) return std::string_view(bytes, static_cast<std::size_t>(size));
    if (size == 0) return std::nullopt;
    if (size == -1) {
        const std::unique_ptr<pg_result, Clear> result(PQgetResult(connection_.get()));
        const auto text = one_line(PQresultErrorMessage(result.get()));
        return std::unexpected(text.empty() ? "PostgreSQL has ended the stream" : text);
    }
    return failure();
}

Replication::Result<void> Replication::send(std::string_view message) {
    if (PQputCopyData(connection_.get(), message.data(), static_cast<int>(message.size())) != 1 ||
        PQflush(connection_.get()) < 0) {
        return failure();
    }
    return {};
}

}  // namespace larder
