-- Revert larder:items from pg

BEGIN;

DROP TABLE public.items;

COMMIT;
