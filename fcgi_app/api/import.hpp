#pragma once

#include <memory>
#include <string_view>
#include <vector>

#include "api/operation.hpp"

namespace larder {

/// POST of a collection with CSV or NDJSON, which nginx hands over as a stream. `changes_too`: with
/// `on_conflict=update`, which another right is needed for. It belongs to the operation of POST.
std::unique_ptr<Operation> make_import(const Resource& resource, bool changes_too);

/// Its parameters, in the order of their description.
std::vector<std::string_view> import_parameters();

/// What is wrong with the parameters of a POST that is no import: those of an import may come with
/// their defaults, which mean what it does. Pure; any thread.
std::vector<FieldError> check_without_import(std::string_view query);

/// The refusal of a POST with another content type than the collection takes
/// (`unsupported_media_type`). It names those, as `Accept-Post` (W3C Linked Data Platform, section
/// 7.1) too. Pure; any thread.
Error wrong_type_of_post(const Resource& resource);

}  // namespace larder
