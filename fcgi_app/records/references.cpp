#include "records/references.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <map>
#include <string>
#include <string_view>
#include <vector>

#include "json/document.hpp"

namespace larder {

Expected<void> check_references(Backend& backend, const Change& change) {
    std::map<std::string_view, std::vector<std::string>> sent;  // by resource
    for (const auto& [field, value] : change.assignments) {
        if (field->reference() != nullptr && value) sent[field->reference()->to].push_back(*value);
    }
    std::map<std::string_view, Rows> known;
    for (const auto& [resource, ids] : sent) {
        auto rows =
            backend.session.read(backend.services.named(resource).statements.select_ids(ids));
        if (!rows) return std::unexpected(std::move(rows.error()));
        known.emplace(resource, std::move(*rows));
    }
    std::vector<FieldError> unknown;
    for (const auto& [field, value] : change.assignments) {
        const Reference* reference = field->reference();
        if (reference == nullptr || !value) continue;
        const bool is_known = std::ranges::any_of(known.at(reference->to),
                                                  [&](const Row& row) { return row[0] == value; });
        if (is_known) continue;
        unknown.push_back(
            {json::pointer("", field->name), fmt::format("is the id of no {}", reference->title)});
    }
    if (unknown.empty()) return {};
    return std::unexpected(Error{.kind = ErrorKind::unprocessable,
                                 .detail = "The body refers to records that do not exist.",
                                 .fields = std::move(unknown)});
}

}  // namespace larder
