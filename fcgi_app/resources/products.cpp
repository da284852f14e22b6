#include "resource/resource.hpp"

namespace larder {

Resource products() {
    return {
        .name = "products",
        .title = "Product",
        .id = IdType::uuid,
        .fields =
            {
                {.name = "name", .type = Text{1, 255}, .example = R"("Desk lamp")"},
                {.name = "description",
                 .type = Text{0, 10000},
                 .required = false,
                 .example = R"("Warm light, can be dimmed")"},
                {.name = "price", .type = Decimal{12}, .example = "24.99"},
                {.name = "stock_quantity", .type = Integer{0, 2147483647}, .example = "150"},
            },
    };
}

}  // namespace larder
