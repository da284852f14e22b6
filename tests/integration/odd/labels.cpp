// A resource whose texts and SQL may look like what Larder itself writes.
#include "resource/resource.hpp"

namespace larder {

Resource labels() {
    return {
        .name = "labels",
        .title = "Label",
        .id = IdType::integer,
        .fields =
            {
                {.name = "label", .type = Text{1, 40}, .unique = true},
                {.name = "note", .type = Text{0, 40}, .required = false},
            },
        .lists = {{},
                  {.path = "exact", .where = "t.label ~ '^a$'"},
                  {.path = "priced",
                   .where = "t.note IN ('$1', '$0', '$12', '$99999999999999999999', $$x$$)"}},
        .primed = true,
    };
}

}  // namespace larder
