-- Deploy larder:items to pg
-- requires: larder

BEGIN;

CREATE TABLE public.items (
    id   uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    data jsonb NOT NULL CHECK (jsonb_typeof(data) = 'object')
);

COMMIT;
