-- Deploy larder:products to pg
-- requires: larder

BEGIN;

CREATE TABLE public.products (
    id             uuid PRIMARY KEY DEFAULT gen_random_uuid(),
    name           text NOT NULL CHECK (char_length(name) BETWEEN 1 AND 255),
    description    text CHECK (char_length(description) <= 10000),
    price          numeric NOT NULL CHECK (price >= 0 AND price < 1000000000000),
    stock_quantity integer NOT NULL CHECK (stock_quantity >= 0)
);

COMMIT;
