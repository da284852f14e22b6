#include "database.hpp"

#include <hiredis/hiredis.h>
#include <libpq-fe.h>

#include <stdexcept>

namespace larder::test {
namespace {

using Result = std::unique_ptr<PGresult, decltype(&PQclear)>;

std::string text_of(const redisReply& reply) {
    switch (reply.type) {
        case REDIS_REPLY_INTEGER: return std::to_string(reply.integer);
        case REDIS_REPLY_STRING:
        case REDIS_REPLY_STATUS: return {reply.str, reply.len};
        case REDIS_REPLY_ARRAY: {
            std::string joined;
            for (std::size_t i = 0; i < reply.elements; ++i) {
                joined += (i == 0 ? "" : "\n") + text_of(*reply.element[i]);
            }
            return joined;
        }
        case REDIS_REPLY_NIL: return {};
        default: throw std::runtime_error("redis: " + std::string(reply.str, reply.len));
    }
}

}  // namespace

void Database::Close::operator()(pg_conn* connection) const { PQfinish(connection); }

Database::Database(const std::string& url) : connection_(PQconnectdb(url.c_str())) {
    if (PQstatus(connection_.get()) != CONNECTION_OK) {
        throw std::runtime_error(PQerrorMessage(connection_.get()));
    }
    query("SET application_name = 'larder-tests'");
}

std::vector<Database::Row> Database::query(const std::string& statement,
                                           const std::vector<std::string>& parameters) {
    std::vector<const char*> values;
    for (const auto& parameter : parameters) values.push_back(parameter.c_str());
    const Result result(
        PQexecParams(connection_.get(), statement.c_str(), static_cast<int>(values.size()), nullptr,
                     values.data(), nullptr, nullptr, 0),
        PQclear);
    const auto status = PQresultStatus(result.get());
    if (status != PGRES_TUPLES_OK && status != PGRES_COMMAND_OK) {
        throw std::runtime_error(PQerrorMessage(connection_.get()));
    }
    std::vector<Row> rows(static_cast<std::size_t>(PQntuples(result.get())));
    for (std::size_t row = 0; row < rows.size(); ++row) {
        for (int column = 0; column < PQnfields(result.get()); ++column) {
            rows[row].emplace_back(PQgetvalue(result.get(), static_cast<int>(row), column));
        }
    }
    return rows;
}

std::string Database::value(const std::string& statement,
                            const std::vector<std::string>& parameters) {
    return query(statement, parameters).at(0).at(0);
}

void Redis::Close::operator()(redisContext* context) const { redisFree(context); }

Redis::Redis(const std::string& socket) : context_(redisConnectUnix(socket.c_str())) {
    if (!context_ || context_->err != 0) throw std::runtime_error("redis: cannot connect");
}

std::string Redis::command(const std::vector<std::string>& arguments) {
    std::vector<const char*> texts;
    std::vector<std::size_t> lengths;
    for (const auto& argument : arguments) {
        texts.push_back(argument.data());
        lengths.push_back(argument.size());
    }
    const std::unique_ptr<redisReply, decltype(&freeReplyObject)> reply(
        static_cast<redisReply*>(redisCommandArgv(context_.get(), static_cast<int>(texts.size()),
                                                  texts.data(), lengths.data())),
        freeReplyObject);
    if (!reply) throw std::runtime_error("redis: " + std::string(context_->errstr));
    return text_of(*reply);
}

}  // namespace larder::test
