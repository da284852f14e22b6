-- The statement that Larder reads a record with, one record at a time.
\set n random(100000, 199999)
SELECT t.id,
       ('{"id":"' || t.id || '"'
        || ',"name":' || COALESCE(to_json(t.name)::text, 'null')
        || ',"description":' || COALESCE(to_json(t.description)::text, 'null')
        || ',"price":' || COALESCE(to_json(t.price)::text, 'null')
        || ',"stock_quantity":' || COALESCE((t.stock_quantity)::text, 'null') || '}'),
       t.xmax = 0
FROM products AS t
WHERE t.id = ('00000000-0000-4000-8000-000000' || :n)::uuid;
