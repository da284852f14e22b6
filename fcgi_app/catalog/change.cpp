#include "catalog/change.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "catalog/values.hpp"
#include "json/decimal.hpp"
#include "json/document.hpp"
#include "json/text.hpp"

namespace larder {

namespace {

using json::Member;
using json::Type;

constexpr std::string_view json_space = " \t\r\n";
constexpr std::string_view json_space_and_comma = " \t\r\n,";

Error invalid(std::vector<FieldError> errors) {
    return {.kind = ErrorKind::unprocessable,
            .detail = "The request body has invalid fields.",
            .fields = std::move(errors)};
}

std::string unstorable_text() {
    return fmt::format("has over {} digits once it is written out", most_digits);
}

// What PostgreSQL stores and prints has no exponents. It may be this many times as long as what was
// sent; a short body may grow by the lesser bound whatever its length.
constexpr std::size_t most_times_as_long = 4;
constexpr std::size_t always_allowed_growth = 65536;  // bytes

std::optional<FieldError> too_much_growth(std::size_t growth, std::size_t size) {
    const std::size_t allowed = std::max((most_times_as_long - 1) * size, always_allowed_growth);
    if (growth <= allowed) return std::nullopt;
    return FieldError{
        "", fmt::format("has numbers that are too long once they are written out: {} bytes"
                        " become {}, and at most {} are allowed",
                        size, size + growth, size + allowed)};
}

std::vector<FieldError> unstorable_members(const json::Document& document, std::size_t size) {
    std::vector<FieldError> errors;
    errors.reserve(document.unstorable.size());
    for (const std::string& pointer : document.unstorable) {
        errors.push_back({pointer, unstorable_text()});
    }
    if (errors.empty()) {
        if (auto error = too_much_growth(document.growth, size))
            errors.push_back(std::move(*error));
    }
    return errors;
}

/// The body with `null` for its `id`, which is ignored: PostgreSQL must not read what stands there.
std::string without_id(const json::Document& document, std::string_view body) {
    const Member* id = document.find("id");
    if (id == nullptr) return std::string(body);
    return fmt::format("{}:null{}", body.substr(0, id->begin), body.substr(id->end));
}

/// Collects what a body says of the fields of one resource.
class Validation {
public:
    /// `body` is what `parse` has read.
    Validation(const Resource& resource, ChangeMode mode, std::string_view body)
        : resource_(resource), body_(body) {
        change_.mode = mode;
    }

    void check(const json::Document& document) {
        for (const Field& field : resource_.fields) {
            if (!field.read_only) check_field(field, document.find(field.name));
        }
        for (const std::string& pointer : document.unstorable) check_storable(pointer);
        for (const Member& member : document.members) check_known(member);
        if (errors_.empty() && resource_.keeps_json()) {
            if (auto error = too_much_growth(document.growth, body_.size())) {
                errors_.push_back(std::move(*error));
            }
        }
    }

    Expected<Change> result() {
        if (errors_.empty()) return std::move(change_);
        return std::unexpected(invalid(std::move(errors_)));
    }

private:
    void check_field(const Field& field, const Member* member) {
        if (member == nullptr) {
            if (change_.mode != ChangeMode::create) return;
            if (field.fallback) {
                change_.assignments.push_back({&field, field.fallback->stored});
            } else if (field.required && !field.database_default) {
                refuse(field.name, "is required");
            }
        } else if (member->type == Type::null) {
            if (field.required) {
                refuse(field.name, "must not be null");
            } else {
                change_.assignments.push_back({&field, std::nullopt});
            }
        } else if (auto value = stored_text(field.type, *member, json::raw_value(*member, body_))) {
            change_.assignments.push_back({&field, std::move(*value)});
        } else {
            refuse(field.name, std::move(value.error()));
        }
    }

    // Deeper numbers are in members that are refused anyway.
    void check_storable(const std::string& pointer) {
        for (const Field& field : resource_.fields) {
            const std::string own = json::pointer("", field.name);
            const bool is_stored =
                own == pointer || (field.is_json() && pointer.starts_with(own + '/'));
            if (is_stored && !field.read_only &&
                std::ranges::find(errors_, pointer, &FieldError::pointer) == errors_.end()) {
                errors_.push_back({pointer, unstorable_text()});
            }
        }
    }

    void check_known(const Member& member) {
        const bool known = member.name == "id" || resource_.find_field(member.name) != nullptr;
        if (!known) refuse(member.name, "is not a known field");
    }

    void refuse(std::string_view name, std::string why) {
        errors_.push_back({json::pointer("", name), std::move(why)});
    }

    const Resource& resource_;
    std::string_view body_;
    Change change_;
    std::vector<FieldError> errors_;
};

Error not_objects() {
    return {.kind = ErrorKind::unprocessable,
            .detail = "The request body must be a JSON object.",
            .fields = {{"", "must be an object"}}};
}

/// `document` is what `parse` has read of `body`.
Expected<Change> validate(const Resource& resource, ChangeMode mode, std::string_view body,
                          const json::Document& document) {
    if (document.root != Type::object) return std::unexpected(not_objects());
    const bool is_empty = std::ranges::all_of(document.members, [&](const Member& one) {
        const Field* field = resource.find_field(one.name);
        return one.name == "id" || (field != nullptr && field->read_only);
    });
    if (resource.is_document()) {
        if (auto errors = unstorable_members(document, body.size()); !errors.empty()) {
            return std::unexpected(invalid(std::move(errors)));
        }
        return Change{.mode = mode, .document = without_id(document, body), .is_empty = is_empty};
    }
    Validation validation(resource, mode, body);
    validation.check(document);
    auto change = validation.result();
    if (change) change->is_empty = is_empty;
    return change;
}

}  // namespace

std::vector<Assignment> Change::claims() const {
    std::vector<Assignment> found;
    std::ranges::copy_if(assignments, std::back_inserter(found), [](const Assignment& assignment) {
        return assignment.field->unique && assignment.value;
    });
    return found;
}

bool Change::sends_unique_field() const {
    return std::ranges::any_of(assignments,
                               [](const Assignment& one) { return one.field->unique; });
}

bool begins_array(std::string_view body) {
    const auto first = body.find_first_not_of(json_space);
    return first != body.npos && body[first] == '[';
}

Expected<Change> validate(const Resource& resource, ChangeMode mode, std::string_view body) {
    auto document = json::parse(body);
    if (!document) return fail(ErrorKind::bad_request, std::move(document.error()));
    return validate(resource, mode, body, *document);
}

Expected<std::vector<Change>> validate_array(const Resource& resource, std::string_view body) {
    const auto array = json::parse(body);
    if (!array) return fail(ErrorKind::bad_request, array.error());
    if (array->root != Type::array) return std::unexpected(not_objects());
    const auto& elements = array->elements;
    if (elements.empty() || elements.size() > most_new_records) {
        return std::unexpected(invalid({{"", fmt::format("must have 1 to {} records; it has {}",
                                                         most_new_records, elements.size())}}));
    }
    std::vector<Change> changes;
    std::vector<FieldError> errors;
    std::size_t growth = 0;
    std::size_t begin = body.find('[') + 1;
    for (std::size_t place = 0; place < elements.size(); ++place) {
        begin = std::min(body.find_first_not_of(json_space_and_comma, begin), body.size());
        const auto element = body.substr(begin, elements[place].end - begin);
        begin = elements[place].end;
        const auto document = json::parse(element);
        if (!document) return fail(ErrorKind::bad_request, document.error());
        growth += document->growth;
        auto change = validate(resource, ChangeMode::create, element, *document);
        if (change) {
            changes.push_back(std::move(*change));
            continue;
        }
        for (FieldError& error : change.error().fields) {
            error.pointer.insert(0, json::pointer("", std::to_string(place)));
            errors.push_back(std::move(error));
        }
    }
    if (errors.empty() && resource.keeps_json()) {
        if (auto error = too_much_growth(growth, body.size())) errors.push_back(std::move(*error));
    }
    if (!errors.empty()) return std::unexpected(invalid(std::move(errors)));
    return changes;
}

}  // namespace larder
