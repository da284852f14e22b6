#include "resource/resource.hpp"

namespace larder {

Resource items() {
    return {
        .name = "items",
        .title = "Item",
        .id = IdType::uuid,
        .primed = true,
        .lifetime = Lifetime::items,
        .envelope = {.record = "item", .list = "items"},
        .deleted = R"({"ok": true})",
    };
}

}  // namespace larder
