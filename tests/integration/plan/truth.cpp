#include "truth.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "../fixture.hpp"

namespace larder::test {

namespace {

/// Instants are written in two ways for the same time zone.
std::string without_zone(std::string text) {
    for (const std::string_view zone : {"+00:00", "Z"}) {
        if (text.ends_with(zone)) return text.substr(0, text.size() - zone.size());
    }
    return text;
}

bool is_same(const DescribedField& field, const Json& shown, const Json& stored) {
    if (field.type != "timestamp") return shown == stored;
    return shown.kind() == stored.kind() &&
           without_zone(shown.text()) == without_zone(stored.text());
}

bool shows(const Json& record, const Json& row, const Described& described) {
    return record.size() == described.fields.size() + 1 && record["id"] == row["id"] &&
           std::ranges::all_of(described.fields, [&](const DescribedField& field) {
               return is_same(field, record[field.name], row[field.column]);
           });
}

std::string told(const Response& response) {
    return fmt::format("{} {} X-Cache: {}: {}", response.status, response.error,
                       response.header("X-Cache"), response.body.substr(0, 1000));
}

}  // namespace

Truth::Truth(Database& database, std::string table) : table_(std::move(table)) {
    for (const auto& row : database.query(fmt::format(
             "SELECT larder_row.id::text, to_jsonb(larder_row)::text FROM \"{}\" AS larder_row",
             table_))) {
        rows_[row[0]] = Json::parse(row[1]);
    }
}

void Truth::expect_record(const Client& client, const Described& described,
                          const std::string& id) const {
    const std::string path = fmt::format("/{}/{}", table_, id);
    const auto response = client.get(path);
    const auto row = rows_.find(id);
    if (row == rows_.end()) {
        BOOST_REQUIRE_MESSAGE(response.status == 404,
                              path << " is gone, and is " << told(response));
        return;
    }
    const bool is_shown =
        response.status == 200 && shows(Json::parse(response.body), row->second, described);
    BOOST_REQUIRE_MESSAGE(is_shown,
                          path << " is " << row->second << ", and shown as " << told(response));
}

void Truth::expect_list(const Client& client, const Described& described,
                        const Described& other) const {
    const std::string path = '/' + table_;
    const auto response = client.get(path);
    const auto list = Json::parse(response.body);
    const bool is_whole = response.status == 200 && list.size() == rows_.size();
    BOOST_REQUIRE_MESSAGE(is_whole,
                          path << " has " << rows_.size() << " records, and is " << told(response));
    for (const auto& record : list.elements()) {
        const auto row = rows_.find(record["id"].text());
        const bool is_shown = row != rows_.end() && (shows(record, row->second, described) ||
                                                     shows(record, row->second, other));
        BOOST_REQUIRE_MESSAGE(is_shown, path << " shows " << record << "; the table has "
                                             << (row == rows_.end() ? Json() : row->second) << ": "
                                             << told(response));
    }
}

void Truth::expect_all(const Client& client, const Described& described,
                       const Described& other) const {
    for (const auto& [id, row] : rows_) expect_record(client, described, id);
    expect_list(client, described, other);
}

}  // namespace larder::test
