-- Deploy larder:feed to pg
-- requires: employees
-- requires: products
-- requires: items
--
-- The publication that larder-feed follows. Only a superuser may publish a whole schema; then the
-- table of a later resource is in it by itself. Another role needs CREATE on the database and must
-- own the tables that it names, here and, with ALTER PUBLICATION, in every later change.

BEGIN;

DO $$
BEGIN
    IF current_setting('is_superuser')::boolean THEN
        CREATE PUBLICATION larder FOR TABLES IN SCHEMA public;
    ELSE
        CREATE PUBLICATION larder
            FOR TABLE public.employees, public.products, public.items;
    END IF;
END
$$;

COMMIT;
