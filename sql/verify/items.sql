-- Verify larder:items on pg

BEGIN;

SELECT id, data FROM public.items WHERE false;

ROLLBACK;
