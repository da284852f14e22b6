#include "query/order.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <ranges>

#include "catalog/mistakes.hpp"
#include "query/operators.hpp"

namespace larder::query {

namespace {

using Order = std::vector<SortKey>;

std::string sortable_names(const Resource& resource) {
    std::string names = "id";
    for (const Field* field : sort_fields(resource)) names += ", " + field->name;
    return names;
}

std::string unsortable(const Resource& resource, std::string_view name) {
    if (resource.find_field(name) != nullptr) {
        return fmt::format(
            "cannot be by {}; its description would need sort = true (fields with"
            " it: {})",
            shown(name), sortable_names(resource));
    }
    std::vector<std::string_view> names = {"id"};
    for (const Field* field : sort_fields(resource)) names.emplace_back(field->name);
    if (const auto meant = nearest(name, names); !meant.empty()) {
        return fmt::format("has {}, which is no field; did you mean {}?", shown(name),
                           shown(meant));
    }
    return fmt::format("has {}, which is no field; name some of {}, with - for falling",
                       shown(name), sortable_names(resource));
}

}  // namespace

Order order_of(const Resource& resource, const List& list) {
    Order order;
    for (std::string_view name : list.order) {
        const bool is_falling = name.starts_with('-');
        if (is_falling) name.remove_prefix(1);
        const Field* field = resource.find_field(name);
        order.push_back({.field = field, .is_falling = is_falling});
        if (field == nullptr) return order;
    }
    order.emplace_back();
    return order;
}

std::expected<Order, std::string> parse_order(const Resource& resource, std::string_view text) {
    if (text.empty()) return std::unexpected(unsortable(resource, text));
    Order order;
    for (const auto word : std::views::split(text, ',')) {
        std::string_view name(word.begin(), word.end());
        SortKey key{.field = nullptr, .is_falling = name.starts_with('-')};
        if (key.is_falling) name.remove_prefix(1);
        if (name != "id") {
            key.field = resource.find_field(name);
            if (key.field == nullptr || !key.field->sort) {
                return std::unexpected(unsortable(resource, name));
            }
        }
        if (!order.empty() && order.back().field == nullptr) {
            return std::unexpected(
                "has fields after `id`, which leaves nothing to sort; end with"
                " it, or leave it out");
        }
        if (std::ranges::find(order, key.field, &SortKey::field) != order.end()) {
            return std::unexpected(fmt::format("has {} twice", shown(name)));
        }
        order.push_back(key);
        if (order.size() > most_sort_keys) {
            return std::unexpected(fmt::format("must have at most {} fields", most_sort_keys));
        }
    }
    if (order.back().field != nullptr) order.emplace_back();
    return order;
}

}  // namespace larder::query
