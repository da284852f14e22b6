#include "resource/resource.hpp"

namespace larder {

Resource employees() {
    return {
        .name = "employees",
        .title = "Employee",
        .id = IdType::integer,
        .fields =
            {
                {.name = "name", .type = Text{1, 100}},
                {.name = "salary", .type = Decimal{12}},
                {.name = "department", .type = Text{1, 100}},
                {.name = "employee_id",
                 .type = Text{1, 64, Alphabet::identifier},
                 .required = false,
                 .unique = true},
            },
        .lists =
            {
                {},
                {.path = "high-salary", .where = "t.salary > 100000"},
                {.path = "top2-by-department",
                 .where = "t.rank <= 2",
                 .order = "t.department COLLATE \"C\", t.salary DESC, t.id",
                 .from = "(SELECT *, rank() OVER (PARTITION BY department ORDER BY salary DESC)"
                         " FROM employees)"},
            },
        .primed = true,
        .deleted = R"({"message": "Deleted successfully"})",
    };
}

}  // namespace larder
