#include "api/operations.hpp"

#include <algorithm>

namespace larder {

namespace {

void add_resource(Operations& operations, const Resource& resource) {
    const auto is_main = [](const List& list) { return list.path.empty(); };
    for (const List& list : resource.lists) {
        if (is_main(list)) operations.push_back(make_list(resource, list));
    }
    if (resource.can_create) operations.push_back(make_create(resource));
    for (const List& list : resource.lists) {
        if (!is_main(list)) operations.push_back(make_list(resource, list));
    }
    operations.push_back(make_read(resource));
    if (!resource.can_change) return;
    operations.push_back(make_replace(resource));
    operations.push_back(make_patch(resource));
    operations.push_back(make_remove(resource));
}

}  // namespace

Operations all_operations(std::span<const Resource> resources) {
    Operations operations;
    for (const Resource& resource : resources) add_resource(operations, resource);
    operations.push_back(make_welcome());
    operations.push_back(make_greet());
    operations.push_back(make_greet_by_path());
    operations.push_back(make_health());
    operations.push_back(make_live());
    operations.push_back(make_ready());
    operations.push_back(make_metrics());
    operations.push_back(make_clear());
    add_pages(operations);
    return operations;
}

}  // namespace larder
