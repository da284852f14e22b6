-- The statement that Larder reads a record with, one record at a time.
\set n random(100000, 199999)
SELECT t.id,
       (SELECT row_to_json(r)::text
        FROM (SELECT t.id, t.name, t.description, t.price, t.stock_quantity) AS r),
       t.xmax = 0
FROM products AS t
WHERE t.id = ('00000000-0000-4000-8000-000000' || :n)::uuid;
