#include "catalog/description.hpp"

#include <algorithm>
#include <string_view>

#include "fuzz/target.hpp"

using namespace larder;

// The text of a resource description: either a resource that can be served, or mistakes of which
// each has a place in the text and one line.
FUZZ_TARGET(descriptions) {
    const auto description = read_description("boats", input);
    if (!description) {
        MUST(!description.error().empty());
        MUST(std::ranges::is_sorted(description.error(), {}, &Mistake::at));
        const auto lines = static_cast<std::uint32_t>(std::ranges::count(input, '\n')) + 1;
        for (const Mistake& mistake : description.error()) {
            MUST(mistake.at.line >= 1 && mistake.at.line <= lines && mistake.at.column >= 1);
            MUST(!mistake.text.empty());
            MUST(std::ranges::none_of(mistake.text, [](unsigned char c) { return c < 0x20; }));
        }
        return;
    }
    const Resource& resource = description->resource;
    MUST(resource.name == "boats" && !resource.title.empty());
    MUST(!resource.lists.empty() && resource.lists[0].path.empty());
    for (const Field& field : resource.fields) {
        MUST(!field.name.empty() && field.name != "id" && field.name.size() <= 63);
        MUST(resource.find_field(field.name) == &field);
    }
    for (const List& list : resource.lists) {
        for (std::string_view name : list.order) {
            if (name.starts_with('-')) name.remove_prefix(1);
            MUST(name == "id" || resource.find_field(name) != nullptr);
        }
    }
}
