#include "session.hpp"

#include <algorithm>
#include <functional>
#include <utility>

#include "documents.hpp"
#include "http/conditional.hpp"

namespace larder::coherence {
namespace {

using test::HeaderLines;
using test::Json;
using test::Response;

Outcome outcome_of(int status) {
    if (status == 0 || status >= 500) return Outcome::unknown;
    return status < 400 ? Outcome::ok : Outcome::refused;
}

CacheUse cache_use_of(const std::string& header) {
    if (header.empty()) return CacheUse::none;
    if (header == "HIT") return CacheUse::hit;
    return header == "MISS" ? CacheUse::miss : CacheUse::bypass;
}

bool is_expected(const Operation& operation) {
    const bool of_record = operation.record != no_record;
    switch (operation.status) {
        case 404: return of_record;
        case 409: return operation.value.present() && operation.value.employee_id() != 0;
        case 412: return operation.expected.present();
        case 422: return operation.parent != no_record;
        default: return operation.outcome != Outcome::refused;
    }
}

Operation operation_on(Action action, Resource resource, RecordNumber record = no_record,
                       Value value = absent) {
    Operation operation;
    operation.action = action;
    operation.resource = resource;
    operation.record = record;
    operation.value = value;
    return operation;
}

/// The record in the body of an answer. GET of an item wraps it, and writes do not.
Json record_in(Resource resource, const Response& response) {
    Json body = Json::parse(response.body);
    return resource == Resource::items && body.contains("item") ? body["item"] : body;
}

/// The answer to an array of one record as if it had come alone. Its tag is that of the record.
Response only_one(Response response) {
    if (response.status != 201 || response.body.size() < 2) return response;
    response.body = response.body.substr(1, response.body.size() - 2);
    response.headers.emplace("ETag", http::entity_tag(response.body));
    return response;
}

}  // namespace

Session::Session(const test::Client& client, RecordTable& records, Recorder& recorder,
                 std::string admin)
    : client_(client),
      records_(records),
      recorder_(recorder),
      log_(recorder.new_log()),
      admin_(std::move(admin)) {}

std::string Session::take(Operation& operation, const Response& response) {
    operation.status = response.status;
    operation.outcome = outcome_of(response.status);
    operation.cache = cache_use_of(response.header("X-Cache"));
    const auto etag = response.header("ETag");
    // The tag of a friend changes with its link, which is another record here.
    const bool has_record = operation.outcome == Outcome::ok && operation.action != Action::list &&
                            operation.resource != Resource::friends;
    if (has_record && !etag.empty()) operation.etag = std::hash<std::string>()(etag) | 1U;
    return is_expected(operation) ? std::string() : "unexpected status " + response.body;
}

std::string Session::take_record(Operation& operation, const Response& response) {
    const auto reading = read_document(operation.resource, record_in(operation.resource, response));
    if (reading.kind != Reading::Kind::ours) return "not a whole record: " + response.body;
    const auto record = records_.number_of(operation.resource, reading.id);
    if (operation.action == Action::create) operation.record = record;
    if (operation.record != record) return "another record: " + response.body;
    const bool written = operation.action != Action::read;
    if (written && operation.value != reading.value) return "another value: " + response.body;
    operation.value = reading.value;
    seen_[record] = {reading.value, response.header("ETag"), reading.has_parent};
    imply_link(operation.resource, reading.id, reading.has_parent);
    return {};
}

void Session::imply_link(Resource resource, const std::string& id, bool has_parent) {
    if (resource != Resource::friends) return;
    auto read = operation_on(Action::read, Resource::links, records_.number_of(Resource::links, id),
                             has_parent ? linked : absent);
    read.status = has_parent ? 200 : 404;
    read.outcome = has_parent ? Outcome::ok : Outcome::refused;
    implied_.push_back(std::move(read));
}

void Session::finish(Operation operation, std::string anomaly) {
    auto implied = std::exchange(implied_, {});
    if (anomaly.empty()) return log_.finish(std::move(operation), std::move(implied));
    log_.finish(std::move(operation), std::move(anomaly));
}

std::expected<RecordNumber, int> Session::create(Resource resource, Value value,
                                                 RecordNumber parent) {
    auto operation = operation_on(Action::create, resource, no_record, value);
    operation.parent = parent;
    log_.begin(operation);
    const auto body = new_document_of(resource, value,
                                      parent == no_record ? std::string() : records_.id_of(parent));
    const auto path = "/" + std::string(name_of(resource));
    const bool is_array = ++creations_ % 3 == 0;
    const auto response =
        is_array ? only_one(client_.post(path, '[' + body + ']')) : client_.post(path, body);
    auto anomaly = take(operation, response);
    if (operation.outcome == Outcome::ok) anomaly = take_record(operation, response);
    const auto record = operation.record;
    if (response.status == 422 && parent != no_record) {
        auto gone = operation_on(Action::read, Resource::parents, parent);
        gone.status = 404;
        gone.outcome = Outcome::refused;
        implied_.push_back(std::move(gone));
    }
    if (record != no_record && resource == Resource::friends) {
        auto link =
            operation_on(Action::create, Resource::links,
                         records_.number_of(Resource::links, records_.id_of(record)), linked);
        link.outcome = Outcome::ok;
        link.parent = parent;
        implied_.push_back(std::move(link));
    }
    finish(std::move(operation), std::move(anomaly));
    if (record == no_record) return std::unexpected(response.status);
    return record;
}

int Session::update(Resource resource, RecordNumber record, Value value, const Seen* condition) {
    auto operation = operation_on(Action::update, resource, record, value);
    HeaderLines headers;
    if (condition != nullptr) {
        operation.expected = condition->value;
        headers.push_back("If-Match: " + condition->etag);
    }
    log_.begin(operation);
    const auto response =
        client_.put(records_.path_of(record), document_of(resource, value), headers);
    auto anomaly = take(operation, response);
    if (operation.outcome == Outcome::ok) anomaly = take_record(operation, response);
    finish(std::move(operation), std::move(anomaly));
    return response.status;
}

int Session::update(Resource resource, RecordNumber record, Value value) {
    return update(resource, record, value, nullptr);
}

int Session::update_if_unchanged(Resource resource, RecordNumber record, Value value) {
    const auto seen = seen_.find(record);
    if (seen == seen_.end()) return update(resource, record, value, nullptr);
    const Seen condition = seen->second;
    return update(resource, record, value, &condition);
}

int Session::remove(Resource resource, RecordNumber record) {
    auto operation = operation_on(Action::remove, resource, record);
    log_.begin(operation);
    const auto response = client_.del(records_.path_of(record));
    auto anomaly = take(operation, response);
    operation.etag = 0;
    finish(std::move(operation), std::move(anomaly));
    return response.status;
}

int Session::read(Resource resource, RecordNumber record, const Seen* condition) {
    auto operation = operation_on(Action::read, resource, record);
    HeaderLines headers;
    if (condition != nullptr) headers.push_back("If-None-Match: " + condition->etag);
    log_.begin(operation);
    const auto response = client_.get(records_.path_of(record), headers);
    auto anomaly = take(operation, response);
    if (response.status == 304 && condition != nullptr) {
        operation.value = condition->value;
        imply_link(resource, records_.id_of(record), condition->has_parent);
    } else if (operation.outcome == Outcome::ok) {
        anomaly = take_record(operation, response);
        if (!anomaly.empty()) operation.outcome = Outcome::unknown;
    }
    finish(std::move(operation), std::move(anomaly));
    return response.status;
}

int Session::read(Resource resource, RecordNumber record) {
    return read(resource, record, nullptr);
}

int Session::read_if_changed(Resource resource, RecordNumber record) {
    const auto seen = seen_.find(record);
    if (seen == seen_.end()) return read(resource, record, nullptr);
    const Seen condition = seen->second;
    return read(resource, record, &condition);
}

int Session::head(Resource resource, RecordNumber record) {
    auto operation = operation_on(Action::read, resource, record);
    operation.value_by_etag = true;
    log_.begin(operation);
    const auto response = client_.head(records_.path_of(record));
    auto anomaly = take(operation, response);
    const bool has_etag = !response.header("ETag").empty();
    if (operation.outcome == Outcome::ok && !has_etag) anomaly = "no ETag";
    finish(std::move(operation), std::move(anomaly));
    return response.status;
}

int Session::clear_caches() {
    auto operation = operation_on(Action::clear, Resource::items);
    log_.begin(operation);
    const auto response = client_.post("/cache/clear", "", {"Authorization: Bearer " + admin_});
    auto anomaly = take(operation, response);
    finish(std::move(operation), std::move(anomaly));
    return response.status;
}

std::optional<std::vector<ListEntry>> Session::list(const ListPath& list) {
    auto operation = operation_on(Action::list, list.resource);
    operation.list = list.kind;
    operation.value = list.value;
    log_.begin(operation);
    const auto response = client_.get(list.path);
    auto anomaly = take(operation, response);
    if (operation.outcome == Outcome::ok) anomaly = take_list(operation, list, response);
    if (!anomaly.empty()) operation.outcome = Outcome::unknown;
    const bool answered = operation.outcome == Outcome::ok;
    auto entries = operation.entries;
    finish(std::move(operation), std::move(anomaly));
    return answered ? std::optional(std::move(entries)) : std::nullopt;
}

std::string Session::take_list(Operation& operation, const ListPath& list,
                               const Response& response) {
    Json body = Json::parse(response.body);
    if (list.resource == Resource::items) body = Json(body["items"]);
    if (!body.is(Json::Kind::array)) return "not a list: " + response.body.substr(0, 200);
    if (list.limit != 0 && body.size() >= list.limit) operation.list = ListKind::part;
    std::vector<unsigned> employee_ids;
    for (const auto& element : body.elements()) {
        const auto reading = read_document(list.resource, element);
        if (reading.kind == Reading::Kind::other) continue;
        if (reading.kind == Reading::Kind::broken) return "a broken record in " + response.body;
        if (list.kind == ListKind::employee_id &&
            reading.value.employee_id() != list.value.employee_id()) {
            return "a record with another employee ID in " + response.body;
        }
        operation.entries.push_back({records_.number_of(list.resource, reading.id), reading.value});
        imply_link(list.resource, reading.id, reading.has_parent);
        if (list.resource == Resource::employees && reading.value.employee_id() != 0) {
            employee_ids.push_back(reading.value.employee_id());
        }
    }
    std::ranges::sort(operation.entries, {}, &ListEntry::record);
    const auto twice = std::ranges::adjacent_find(operation.entries, {}, &ListEntry::record);
    if (twice != operation.entries.end()) return "a record twice in " + response.body;
    std::ranges::sort(employee_ids);
    if (std::ranges::adjacent_find(employee_ids) != employee_ids.end()) {
        return "an employee ID twice in " + response.body;
    }
    return {};
}

}  // namespace larder::coherence
