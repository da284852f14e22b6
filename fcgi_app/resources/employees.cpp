#include "resource/resource.hpp"

namespace larder {

Resource employees() {
    return {
        .name = "employees",
        .title = "Employee",
        .id = IdType::integer,
        .fields =
            {
                {.name = "name", .type = Text{1, 100}, .example = R"("Alice")"},
                {.name = "salary", .type = Decimal{12}, .example = "70000"},
                {.name = "department", .type = Text{1, 100}, .example = R"("Engineering")"},
                {.name = "employee_id",
                 .type = Text{1, 64, Alphabet::identifier},
                 .required = false,
                 .unique = true},
            },
        .lists =
            {
                {},
                {.path = "high-salary",
                 .where = "t.salary > 100000",
                 .meaning = "Those with a salary over 100000."},
                {.path = "top2-by-department",
                 .where = "t.rank <= 2",
                 .order = "t.department COLLATE \"C\", t.salary DESC, t.id",
                 .from = "(SELECT *, rank() OVER (PARTITION BY department ORDER BY salary DESC)"
                         " FROM employees)",
                 .meaning = "The two highest salaries of each department, with ties."},
            },
        .primed = true,
        .deleted = R"({"message": "Deleted successfully"})",
    };
}

}  // namespace larder
