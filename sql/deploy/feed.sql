-- Deploy larder:feed to pg
-- requires: employees
-- requires: products
-- requires: items
--
-- The publication that larder-feed follows. It names its tables, because PostgreSQL refuses to change
-- rows of a published table without a primary key, and a database may hold tables of others. The
-- change of a later resource adds its table. The role needs CREATE on the database and must own them.

BEGIN;

CREATE PUBLICATION larder FOR TABLE public.employees, public.products, public.items;

COMMIT;
