#include "records/references.hpp"

#include <fmt/format.h>

#include <functional>
#include <map>
#include <set>
#include <string>
#include <string_view>
#include <vector>

#include "json/document.hpp"

namespace larder {

namespace {

/// Calls `take(field, value, reference)` for each reference of the change that is not null.
template <class Take>
void for_each_reference(const Change& change, Take take) {
    for (const auto& [field, value] : change.assignments) {
        if (const Reference* reference = field->reference(); reference != nullptr && value) {
            take(*field, *value, *reference);
        }
    }
}

/// By resource, the ids that the changes refer to and that there are.
Expected<std::map<std::string_view, std::set<std::string>>> known_ids(
    Backend& backend, std::span<const Change> changes) {
    std::map<std::string_view, std::set<std::string>> sent;
    for (const Change& change : changes) {
        for_each_reference(change, [&](const Field&, const std::string& value,
                                       const Reference& to) { sent[to.to].insert(value); });
    }
    std::map<std::string_view, std::set<std::string>> known;
    for (const auto& [resource, ids] : sent) {
        const auto rows = backend.session.read(
            backend.services.named(resource).statements.select_ids({ids.begin(), ids.end()}));
        if (!rows) return std::unexpected(rows.error());
        for (const Row& row : *rows) known[resource].insert(row[0].value_or(""));
    }
    return known;
}

Expected<void> check(Backend& backend, std::span<const Change> changes,
                     const std::function<std::string(std::size_t)>& pointer_of) {
    auto known = known_ids(backend, changes);
    if (!known) return std::unexpected(std::move(known.error()));
    std::vector<FieldError> unknown;
    for (std::size_t place = 0; place < changes.size(); ++place) {
        for_each_reference(changes[place],
                           [&](const Field& field, const std::string& value, const Reference& to) {
                               if ((*known)[to.to].contains(value)) return;
                               unknown.push_back({json::pointer(pointer_of(place), field.name),
                                                  fmt::format("is the id of no {}", to.title)});
                           });
    }
    if (unknown.empty()) return {};
    return std::unexpected(Error{.kind = ErrorKind::unprocessable,
                                 .detail = "The body refers to records that do not exist.",
                                 .fields = std::move(unknown)});
}

}  // namespace

Expected<void> check_references(Backend& backend, const Change& change) {
    return check(backend, {&change, 1}, [](std::size_t) { return std::string(); });
}

Expected<void> check_references_of_all(Backend& backend, std::span<const Change> changes) {
    return check(backend, changes, [](std::size_t place) { return fmt::format("/{}", place); });
}

}  // namespace larder
