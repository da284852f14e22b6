-- Verify larder:products on pg

BEGIN;

SELECT id, name, description, price, stock_quantity FROM public.products WHERE false;

ROLLBACK;
