#include "records/create_records.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstddef>
#include <map>
#include <set>
#include <string>
#include <utility>

#include "feed/mark.hpp"
#include "json/document.hpp"
#include "records/effects.hpp"
#include "records/fenced_commit.hpp"
#include "records/references.hpp"
#include "records/write.hpp"

namespace larder {

namespace {

// FencedCommit fences so many rows one by one.
static_assert(most_new_records <= Mark::most_rows);

/// Finds the values of a unique field that cannot be claimed.
class Claims {
public:
    Claims(const Resource& resource, const Field& field, std::span<const Change> changes)
        : resource_(resource), field_(field) {
        for (std::size_t place = 0; place < changes.size(); ++place) {
            const auto* sent = changes[place].value_of(field);
            if (sent != nullptr && *sent) places_[**sent].push_back(place);
        }
    }

    bool has_twins() const {
        return std::ranges::any_of(places_, [](const auto& one) { return one.second.size() > 1; });
    }

    std::vector<std::string> values() const {
        std::vector<std::string> values;
        for (const auto& [value, places] : places_) values.push_back(value);
        return values;
    }

    /// Appends what is wrong, by place; sets `detail` unless something else has.
    void check(const std::set<std::string>& taken, std::multimap<std::size_t, FieldError>& errors,
               std::string& detail) const {
        for (const auto& [value, places] : places_) {
            const bool is_taken = taken.contains(value);
            if (!is_taken && places.size() == 1) continue;
            if (detail.empty()) {
                detail = is_taken ? larder::taken(resource_, field_, value).detail
                                  : fmt::format("{} with {} '{}' is there {} times",
                                                resource_.title, field_.name, value, places.size());
            }
            for (std::size_t i = is_taken ? 0 : 1; i < places.size(); ++i) {
                const std::string why = is_taken
                                            ? std::string("is that of another record")
                                            : fmt::format("is that of /{} too", places.front());
                errors.emplace(places[i], FieldError{pointer(places[i]), why});
            }
        }
    }

private:
    std::string pointer(std::size_t place) const {
        return json::pointer(fmt::format("/{}", place), field_.name);
    }

    const Resource& resource_;
    const Field& field_;
    std::map<std::string, std::vector<std::size_t>> places_;  // by value
};

std::vector<Claims> claims_of(const Resource& resource, std::span<const Change> changes) {
    std::vector<Claims> claims;
    for (const Field& field : resource.fields) {
        if (field.unique) claims.emplace_back(resource, field, changes);
    }
    return claims;
}

/// `conflict`, with every value that is taken or there twice.
Expected<void> check_free(Backend& backend, const Collection& collection,
                          std::span<const Claims> claims) {
    std::multimap<std::size_t, FieldError> errors;
    std::string detail;
    std::size_t at = 0;
    for (const Field& field : collection.resource.fields) {
        if (!field.unique) continue;
        const Claims& claimed = claims[at++];
        const auto rows =
            backend.session.read(collection.statements.select_taken(field, claimed.values()));
        if (!rows) return std::unexpected(rows.error());
        std::set<std::string> taken;
        for (const Row& row : *rows) taken.insert(row[0].value_or(""));
        claimed.check(taken, errors, detail);
    }
    if (errors.empty()) return {};
    Error error{.kind = ErrorKind::conflict, .detail = std::move(detail)};
    for (auto& [place, one] : errors) error.fields.push_back(std::move(one));
    return std::unexpected(std::move(error));
}

/// Makes the rows. Gives nothing where a unique value is taken.
Expected<std::optional<CreatedRecords>> insert_rows(Backend& backend, const Collection& collection,
                                                    std::span<const Change> changes,
                                                    LockWait lock_wait, const Once* once) {
    const Resource& resource = collection.resource;
    std::vector<Statement> statements;
    statements.reserve(changes.size());
    for (const Change& change : changes) {
        statements.push_back(collection.statements.insert_unlocked(change));
    }
    FencedCommit commit(backend, {&collection});
    Transaction transaction(backend.session);
    auto made = change_all_once(backend, transaction, once, std::move(statements), lock_wait);
    if (!made) return std::unexpected(std::move(made.error()));
    if (made->answer) return CreatedRecords{.records = {}, .answer = std::move(made->answer)};
    if (std::ranges::any_of(made->rows, &Rows::empty)) return std::nullopt;
    CreatedRecords created;
    created.records.reserve(changes.size());
    for (std::size_t place = 0; place < changes.size(); ++place) {
        Row& row = made->rows[place].front();
        if (auto fits = check_size(backend, resource, *row[1]); !fits) {
            Error error = std::move(fits.error());
            for (FieldError& field : error.fields) {
                field.pointer.insert(0, fmt::format("/{}", place));
            }
            return std::unexpected(std::move(error));
        }
        const RowImage after{.id = *row[0],
                             .unique_values = unique_values(resource, changes[place]),
                             .tag_values = tag_values(row, 2, collection.statements.tag_sources())};
        commit.add_unlocked(collection, nullptr, &after, *row[1]);
        created.records.push_back({.id = after.id, .json = std::move(*row[1])});
    }
    auto answer = finish_once(backend, transaction, commit, once, created.records, lock_wait);
    if (!answer) return std::unexpected(std::move(answer.error()));
    created.answer = std::move(*answer);
    return created;
}

Expected<CreatedRecords> create(Backend& backend, const Collection& collection,
                                std::span<const Change> changes, LockWait lock_wait,
                                const Once* once) {
    const auto claims = claims_of(collection.resource, changes);
    if (std::ranges::any_of(claims, &Claims::has_twins)) {
        auto free = check_free(backend, collection, claims);
        if (!free) return std::unexpected(std::move(free.error()));
    }
    // What is refused once although it is right by now has met another writer; what is refused
    // twice, so is something that is not known here (see update_record).
    for (bool is_final = false;; is_final = true) {
        auto created = insert_rows(backend, collection, changes, lock_wait, once);
        if (created && *created) return std::move(**created);
        if (!created && !created.error().breaks_reference) {
            return std::unexpected(std::move(created.error()));
        }
        auto known = created ? check_free(backend, collection, claims)
                             : check_references_of_all(backend, changes);
        if (!known) return std::unexpected(std::move(known.error()));
        if (!is_final) continue;
        if (!created) return std::unexpected(std::move(created.error()));
        return fail(ErrorKind::conflict, "A unique value is already taken.");
    }
}

}  // namespace

Expected<CreatedRecords> create_records(Backend& backend, const Collection& collection,
                                        std::span<const Change> changes, LockWait lock_wait,
                                        const Once* once) {
    auto created = create(backend, collection, changes, lock_wait, once);
    if (created) return created;
    auto answer = answer_despite(backend, once, std::move(created.error()));
    if (!answer) return std::unexpected(std::move(answer.error()));
    return CreatedRecords{.records = {}, .answer = std::move(*answer)};
}

}  // namespace larder
