#include "bulk/import_request.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace larder::bulk {

namespace {

std::string unique_fields(const Resource& resource) {
    std::string names = "id";
    for (const Field& field : resource.fields) {
        if (field.unique && !field.read_only) names.append(", ").append(field.name);
    }
    return names;
}

FieldError refused(std::string_view name, std::string why) {
    return {.pointer = {}, .detail = std::move(why), .parameter = std::string(name)};
}

}  // namespace

std::vector<FieldError> take_choices(const ImportChoices& choices, ImportRequest& request) {
    std::vector<FieldError> errors;
    const Resource& resource = *request.resource;
    const std::string& wanted = choices.on_conflict;
    if (wanted.empty() || wanted == "fail") {
        request.on_conflict = OnConflict::fail;
    } else if (wanted == "skip") {
        request.on_conflict = OnConflict::skip;
    } else if (wanted == "update") {
        request.on_conflict = OnConflict::update;
        if (!resource.can_change)
            errors.push_back(refused("on_conflict", "no record can be changed"));
    } else {
        errors.push_back(refused("on_conflict", "must be fail, skip or update"));
    }
    if (choices.key.empty() || choices.key == "id") return errors;
    const Field* field = resource.find_field(choices.key);
    if (field == nullptr || !field->unique || field->read_only) {
        errors.push_back(refused(
            "key", fmt::format("must be a unique field; here: {}", unique_fields(resource))));
    } else if (request.on_conflict == OnConflict::fail && errors.empty()) {
        errors.push_back(refused("key", "means nothing without on_conflict=skip or update"));
    }
    request.key = field;
    return errors;
}

void ImportCounts::add(const ImportCounts& others) {
    created += others.created;
    changed += others.changed;
    skipped += others.skipped;
    failed += others.failed;
}

}  // namespace larder::bulk
