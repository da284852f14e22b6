#include "query/tag.hpp"

#include <algorithm>

#include "query/operators.hpp"

namespace larder::query {

std::string tag_of(const std::vector<TagSource>& sources, const List& list, const Query& query) {
    if (!is_open(list)) return larder::tag_of(list);
    for (const TagSource& source : sources) {
        const auto filter = std::ranges::find_if(query.filters, [&](const Filter& one) {
            return one.field != nullptr && one.field == source.field &&
                   one.comparison == Comparison::equal && one.values.size() == 1;
        });
        if (filter == query.filters.end()) continue;
        if (auto tag = larder::tag_of(*source.field, filter->values.front())) return *tag;
    }
    return {};
}

}  // namespace larder::query
