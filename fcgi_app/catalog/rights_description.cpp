#include "catalog/rights_description.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <string_view>

#include "access/identity.hpp"

namespace larder {

namespace {

constexpr std::array<std::string_view, 4> keys = {"read", "create", "change", "delete"};

std::vector<std::string> read_roles(std::string_view key, TableReader& reader, Mistakes& mistakes) {
    const toml::array* array = reader.array(key);
    if (array == nullptr) return {};
    std::vector<std::string> roles;
    for (const toml::node& node : *array) {
        const auto refuse = [&](std::string_view why) {
            mistakes.add(position_of(node.source()), fmt::format("`{}` has {}", key, why));
        };
        const auto* text = node.as_string();
        if (text == nullptr) {
            refuse(fmt::format("{}; write names of roles, in quotes", type_name(node)));
        } else if (text->get() == access::admin_role) {
            refuse("`admin`, which may do everything anyway; leave it out");
        } else if (text->get() != anyone && !access::is_role(text->get())) {
            refuse(
                fmt::format("{}, which is no role; write `anyone`, or 1 to 64 of A-Z, a-z, 0-9,"
                            " ., _, :, / and -, with a letter or a digit first",
                            shown(text->get())));
        } else if (std::ranges::find(roles, text->get()) != roles.end()) {
            refuse(fmt::format("{} twice; name it once", shown(text->get())));
        }
        if (text != nullptr) roles.push_back(text->get());
    }
    if (roles.size() > 1 && std::ranges::find(roles, anyone) != roles.end()) {
        reader.refuse(
            key,
            fmt::format("`{}` has `anyone` and other roles; write `{} = [\"anyone\"]`", key, key));
    }
    std::ranges::sort(roles);
    return roles;
}

}  // namespace

Rights read_rights(const toml::table& rights, const Resource& resource, Mistakes& mistakes) {
    TableReader reader(rights, mistakes);
    reader.check_keys(keys, {});
    const auto refuse_idle = [&](std::string_view key, bool is_done, std::string_view because) {
        if (is_done || !reader.has(key)) return;
        reader.refuse(key, fmt::format("`{}` is a right that is never asked for, because of {};"
                                       " leave it out",
                                       key, because));
    };
    const std::string_view because = resource.can_change ? "create = false" : "read_only = true";
    refuse_idle("create", resource.can_create, because);
    refuse_idle("change", resource.can_change, because);
    refuse_idle("delete", resource.can_change, because);
    return {.read = read_roles("read", reader, mistakes),
            .create = read_roles("create", reader, mistakes),
            .change = read_roles("change", reader, mistakes),
            .remove = read_roles("delete", reader, mistakes)};
}

}  // namespace larder
