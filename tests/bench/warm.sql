-- Customers and their invoices, whose numbers count from 1. psql variables: customers, invoices.

BEGIN;

INSERT INTO public.customers (id, name)
SELECT ('00000000-0000-4000-8000-' || lpad(n::text, 12, '0'))::uuid, 'Customer ' || n
FROM generate_series(1, :customers) AS n;

INSERT INTO public.invoices (customer, total)
SELECT ('00000000-0000-4000-8000-' || lpad((n % :customers + 1)::text, 12, '0'))::uuid, n / 100.0
FROM generate_series(1, :invoices) AS n;

COMMIT;

ANALYZE;
