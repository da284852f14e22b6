-- Verify larder:employees on pg

BEGIN;

SELECT id, name, salary, department, employee_id FROM public.employees WHERE false;

SELECT 1 / count(*) FROM pg_class
WHERE oid = 'public.employees'::regclass AND relreplident = 'f';

ROLLBACK;
