-- The rows that all servers have. Product ids end in a number that counts from 100000, so that both
-- pgbench and the driver can make them up. psql variable: products.

BEGIN;

INSERT INTO public.products (id, name, description, price, stock_quantity)
SELECT ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid,
       'Product ' || n,
       'Product number ' || n || ' of the benchmark. Its description has the length that a shop '
           || 'shows beside a picture: what it is made of, which sizes there are, how to care for it.',
       (n % 9973 + 27) / 100.0,
       n % 541
FROM generate_series(100000, 100000 + :products - 1) AS n;

-- 50 in each of 20 departments; one of ten is over 100000.
INSERT INTO public.employees (name, salary, department, employee_id)
SELECT 'Employee ' || n,
       CASE WHEN n % 10 = 0 THEN 100000.5 + n ELSE 30000.25 + n END,
       'Department ' || chr(65 + n % 20),
       'E-' || n
FROM generate_series(1, 1000) AS n;

COMMIT;

ANALYZE;
