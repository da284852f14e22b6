#include "foreign.hpp"

#include <fmt/format.h>

#include <fstream>
#include <stdexcept>
#include <thread>

#include "../support/process.hpp"
#include "documents.hpp"

namespace larder::coherence {
namespace {

constexpr std::size_t copied_rows = 3;

struct Target {
    Resource resource;
    std::size_t slot;
};

Target some_target(std::mt19937_64& random) {
    return {all_resources[random() % all_resources.size()], random() % HotRecords::slots};
}

}  // namespace

std::string update_statement(Resource resource) {
    if (resource == Resource::items) {
        return "UPDATE items SET data = $2::jsonb WHERE id = $1::uuid RETURNING id";
    }
    const bool employees = resource == Resource::employees;
    const std::string columns = employees ? "name, salary, department, employee_id"
                                : resource == Resource::products ? "name, price, stock_quantity"
                                                                 : "name, copy";
    return fmt::format(
        "UPDATE {0} SET ({1}) = (SELECT {1} FROM jsonb_populate_record(NULL::{0}, $2::jsonb)) "
        "WHERE id = $1::{2} RETURNING id",
        name_of(resource), columns, employees ? "bigint" : "uuid");
}

ForeignWriter::ForeignWriter(std::string database_url, std::filesystem::path directory,
                             RecordTable& records, Recorder& recorder, HotRecords& hot,
                             Disturbances& disturbances)
    : database_url_(std::move(database_url)),
      directory_(std::move(directory)),
      records_(records),
      recorder_(recorder),
      hot_(hot),
      disturbances_(disturbances),
      log_(recorder.new_log()) {}

test::Database& ForeignWriter::database() {
    if (!connection_) {
        connection_ = std::make_unique<test::Database>(database_url_);
        connection_->query("SET client_min_messages = error");
    }
    return *connection_;
}

template <class Statements>
bool ForeignWriter::record(Operation operation, Statements statements) {
    operation.foreign = true;
    log_.begin(operation);
    const Time start = now();
    try {
        const bool found = statements() != 0;
        operation.outcome = found ? Outcome::ok : Outcome::refused;
        operation.status = found ? 200 : 404;
    } catch (const std::runtime_error&) {
        connection_.reset();
    }
    if (operation.outcome != Outcome::refused) {
        disturbances_.wrote(operation.resource, operation.record, start, now());
        if (operation.resource == Resource::friends) {
            const auto link = records_.number_of(Resource::links, records_.id_of(operation.record));
            disturbances_.wrote(Resource::links, link, start, now());
        }
    }
    const bool done = operation.outcome == Outcome::ok;
    log_.finish(std::move(operation));
    return done;
}

void ForeignWriter::update(std::mt19937_64& random) {
    const auto [resource, slot] = some_target(random);
    Operation operation;
    operation.action = Action::update;
    operation.resource = resource;
    operation.record = hot_.at(resource, slot);
    operation.value = recorder_.next_value();
    if (operation.record == no_record) return;
    const auto pause = std::chrono::milliseconds(random() % 4 == 0 ? random() % 300 : 0);
    const auto id = records_.id_of(operation.record);
    const auto document = document_of(resource, operation.value);
    record(operation, [&] {
        database().query("BEGIN");
        const auto rows = database().query(update_statement(resource), {id, document});
        std::this_thread::sleep_for(pause);
        database().query("COMMIT");
        return rows.size();
    });
}

void ForeignWriter::remove(std::mt19937_64& random) {
    const auto [resource, slot] = some_target(random);
    Operation operation;
    operation.action = Action::remove;
    operation.resource = resource;
    operation.record = hot_.at(resource, slot);
    if (operation.record == no_record) return;
    const auto id = records_.id_of(operation.record);
    record(operation, [&] {
        return database()
            .query(
                fmt::format("DELETE FROM {} WHERE id::text = $1 RETURNING id", name_of(resource)),
                {id})
            .size();
    });
}

void ForeignWriter::copy(std::mt19937_64& random) {
    for (std::size_t row = 0; row < copied_rows; ++row) {
        const auto id = some_uuid(random);
        const auto file = directory_ / "rows";
        Operation operation;
        operation.action = Action::create;
        operation.resource = Resource::items;
        operation.record = records_.number_of(Resource::items, id);
        operation.value = recorder_.next_value();
        std::ofstream(file) << id << '\t' << document_of(Resource::items, operation.value) << '\n';
        const bool copied = record(operation, [&] {
            const auto done =
                test::run({"psql", "-Xq", database_url_, "-c",
                           fmt::format(R"(\copy items (id, data) from '{}')", file.string())});
            if (done.status != 0) throw std::runtime_error(done.output);
            return 1;
        });
        if (copied) hot_.replace(Resource::items, row, operation.record);
    }
}

void ForeignWriter::truncate_side_table() {
    try {
        database().query("CREATE TABLE IF NOT EXISTS public.coherence_side (n integer)");
        database().query("INSERT INTO public.coherence_side VALUES (1)");
        database().query("TRUNCATE public.coherence_side");
    } catch (const std::runtime_error&) {
        connection_.reset();
    }
}

}  // namespace larder::coherence
