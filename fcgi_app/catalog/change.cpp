#include "catalog/change.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <functional>

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

constexpr std::string_view is_required = "is required";

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

Error not_objects() {
    return {.kind = ErrorKind::unprocessable,
            .detail = "The request body must be a JSON object.",
            .fields = {{"", "must be an object"}}};
}

/// What a new record gets in a field that it gives no value. False: it has to give one.
bool assign_default(Change& change, const Field& field) {
    if (field.fallback) change.assignments.push_back({&field, field.fallback->stored});
    return field.fallback || !field.required || field.database_default;
}

/// Collects what a body says of the fields of one resource.
class Validation {
public:
    Validation(const Resource& resource, ChangeMode mode, FieldsElsewhere elsewhere)
        : resource_(resource), elsewhere_(elsewhere) {
        change_.mode = mode;
    }

    /// `body` is what `parse` has read.
    void check(const json::Document& document, std::string_view body) {
        for (const Field& field : resource_.fields) {
            const Member* member = document.find(field.name);
            check_field(field, member,
                        member == nullptr ? std::string_view() : json::raw_value(*member, body));
        }
        for (const std::string& pointer : document.unstorable) check_storable(pointer);
        for (const Member& member : document.members) check_known(member);
        check_growth(document.growth, body.size());
    }

    void check(std::span<const GivenValue> values) {
        std::size_t growth = 0;
        std::size_t size = 0;
        for (const Field& field : resource_.fields) {
            const auto given = std::ranges::find(values, &field, &GivenValue::field);
            if (given == values.end()) {
                check_field(field, nullptr, {});
            } else {
                check_field(field, &given->member, given->raw);
                growth += given->growth;
                size += given->raw.size();
            }
        }
        check_growth(growth, size);
    }

    Expected<Change> result() {
        if (errors_.empty()) return std::move(change_);
        return std::unexpected(invalid(std::move(errors_)));
    }

private:
    void check_field(const Field& field, const Member* member, std::string_view raw) {
        if (field.read_only) return;
        if (member == nullptr) {
            if (change_.mode == ChangeMode::create) add_default(field);
        } else if (member->type == Type::null) {
            if (field.required) {
                refuse(field.name, "must not be null");
            } else {
                change_.assignments.push_back({&field, std::nullopt});
            }
        } else if (auto value = stored_text(field.type, *member, raw)) {
            change_.assignments.push_back({&field, std::move(*value)});
        } else {
            refuse(field.name, std::move(value.error()));
        }
    }

    void add_default(const Field& field) {
        if (std::ranges::find(elsewhere_, &field) != elsewhere_.end()) return;
        if (!assign_default(change_, field)) refuse(field.name, std::string(is_required));
    }

    void check_growth(std::size_t growth, std::size_t size) {
        if (!errors_.empty() || !resource_.keeps_json()) return;
        if (auto error = too_much_growth(growth, size)) errors_.push_back(std::move(*error));
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
    FieldsElsewhere elsewhere_;
    Change change_;
    std::vector<FieldError> errors_;
};

}  // namespace

const std::optional<std::string>* Change::value_of(const Field& field) const {
    const auto found = std::ranges::find(assignments, &field, &Assignment::field);
    return found == assignments.end() ? nullptr : &found->value;
}

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
    return validate(resource, mode, *document, body, {});
}

Expected<Change> validate(const Resource& resource, ChangeMode mode, const json::Document& document,
                          std::string_view body, FieldsElsewhere elsewhere) {
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
    Validation validation(resource, mode, elsewhere);
    validation.check(document, body);
    auto change = validation.result();
    if (change) change->is_empty = is_empty;
    return change;
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
        auto change = validate(resource, ChangeMode::create, *document, element, {});
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

Expected<Change> validate(const Resource& resource, ChangeMode mode,
                          std::span<const GivenValue> values, FieldsElsewhere elsewhere) {
    Validation validation(resource, mode, elsewhere);
    validation.check(values);
    auto change = validation.result();
    if (change) change->is_empty = change->assignments.empty();
    return change;
}

Expected<void> complete_new(const Resource& resource, Change& change) {
    std::vector<FieldError> missing;
    for (const Field& field : resource.fields) {
        if (field.read_only || change.value_of(field) != nullptr) continue;
        if (!assign_default(change, field)) {
            missing.push_back({json::pointer("", field.name), std::string(is_required)});
        }
    }
    // Fields are in one array, in their order.
    std::ranges::sort(change.assignments, std::less<>(), &Assignment::field);
    change.mode = ChangeMode::create;
    if (missing.empty()) return {};
    return std::unexpected(invalid(std::move(missing)));
}

}  // namespace larder
