-- Revert larder:employees from pg

BEGIN;

DROP TABLE public.employees;

COMMIT;
