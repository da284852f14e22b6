#include "query/tag.hpp"

#include <algorithm>

#include "catalog/tags.hpp"
#include "query/operators.hpp"

namespace larder::query {

std::string tag_of(const Resource& resource, const List& list, const Query& query) {
    if (!is_open(list)) return larder::tag_of(list);
    for (const TagSource& source : tag_sources(resource)) {
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
