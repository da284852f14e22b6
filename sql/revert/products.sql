-- Revert larder:products from pg

BEGIN;

DROP TABLE public.products;

COMMIT;
