-- Ten employees in four departments, two of them with the same salary.

BEGIN;

-- Two stacks that start on one database must not both find the table empty.
LOCK TABLE public.employees IN SHARE ROW EXCLUSIVE MODE;

INSERT INTO public.employees (name, salary, department, employee_id)
SELECT name, salary, department, employee_id
FROM (VALUES
    (1, 'Alice Johnson', 128000, 'Engineering', 'E-1001'),
    (2, 'Bob Smith', 112500.50, 'Engineering', 'E-1002'),
    (3, 'Carla Gómez', 112500.50, 'Engineering', 'E-1003'),
    (4, 'David Lee', 87000, 'Engineering', 'E-1004'),
    (5, 'Eva Müller', 99000, 'Finance', 'E-2001'),
    (6, 'Farid Haddad', 101250.75, 'Finance', 'E-2002'),
    (7, 'Grace Okafor', 64000, 'Support', 'E-3001'),
    (8, 'Hiroshi Tanaka', 58500, 'Support', NULL),
    (9, 'Ingrid Larsen', 58500, 'Support', NULL),
    (10, 'Jorge Silva', 143000, 'Sales', 'E-4001')
) AS sample (position, name, salary, department, employee_id)
WHERE NOT EXISTS (SELECT FROM public.employees)
ORDER BY position;

COMMIT;
