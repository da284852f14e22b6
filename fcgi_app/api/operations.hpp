#pragma once

#include <memory>

#include "api/operation.hpp"
#include "catalog/resource.hpp"
#include "json/value.hpp"

namespace larder {

/// The operations, each of which is a file of its name; all_operations has them together. Resources
/// and lists must outlive them.

std::unique_ptr<Operation> make_list(const Resource& resource, const List& list);
std::unique_ptr<Operation> make_create(const Resource& resource);
std::unique_ptr<Operation> make_read(const Resource& resource);
std::unique_ptr<Operation> make_replace(const Resource& resource);
std::unique_ptr<Operation> make_patch(const Resource& resource);
std::unique_ptr<Operation> make_remove(const Resource& resource);

std::unique_ptr<Operation> make_welcome();
std::unique_ptr<Operation> make_greet();
std::unique_ptr<Operation> make_greet_by_path();
std::unique_ptr<Operation> make_health();
std::unique_ptr<Operation> make_live();
std::unique_ptr<Operation> make_ready();
std::unique_ptr<Operation> make_metrics();
std::unique_ptr<Operation> make_clear();
void add_pages(Operations& operations);

/// The schema `Health`, which the description refers to.
json::Value health_schema();

}  // namespace larder
