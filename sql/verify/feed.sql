-- Verify larder:feed on pg

BEGIN;

SELECT 1 / (count(*) = 3)::int FROM pg_publication_tables
WHERE pubname = 'larder' AND schemaname = 'public'
    AND tablename IN ('employees', 'products', 'items');

ROLLBACK;
