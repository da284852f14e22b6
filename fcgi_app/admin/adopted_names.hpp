#pragma once

#include <set>
#include <span>
#include <string>
#include <string_view>

#include "catalog/resource.hpp"

namespace larder::admin {

/// Makes names for descriptions out of the names of tables and columns, each of them once. For one
/// thread.
class AdoptedNames {
public:
    /// The names of the `described` resources are taken.
    explicit AdoptedNames(std::span<const Resource> described);

    /// Of the resource: `Order Details` and `OrderDetails` give `order_details`.
    std::string resource(std::string_view schema, std::string_view table);

    /// What one record is called: `order_details` gives `Order detail`. English plurals only.
    std::string title(std::string_view resource);

private:
    bool take_title(const std::string& title);

    std::set<std::string, std::less<>> resources_;
    std::set<std::string, std::less<>> documented_;  // names in the OpenAPI document
    std::set<std::string, std::less<>> tags_;
};

/// Of a field: `Unit Price` gives `Unit_Price`. `taken` are those that the record has already.
std::string field_name(std::string_view column, const std::set<std::string, std::less<>>& taken);

}  // namespace larder::admin
