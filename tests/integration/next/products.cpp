// Products as a next version could have them: one more field, and a list that needs it.
#include "resource/resource.hpp"

namespace larder {

Resource products() {
    return {
        .name = "products",
        .title = "Product",
        .id = IdType::uuid,
        .fields =
            {
                {.name = "name", .type = Text{1, 255}},
                {.name = "description", .type = Text{0, 10000}, .required = false},
                {.name = "price", .type = Decimal{12}},
                {.name = "stock_quantity", .type = Integer{0, 2147483647}},
                {.name = "colour", .type = Text{1, 40}, .required = false},
            },
        .lists = {{}, {.path = "coloured", .where = "t.colour IS NOT NULL"}},
    };
}

}  // namespace larder
