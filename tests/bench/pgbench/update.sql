-- The statements of an update in Larder, in as many round trips: the change, then the end.
\set n random(101000, 109999)
\set price random(1, 90000)
\set stock random(0, 1000)
\startpipeline
BEGIN;
UPDATE products AS t SET price = :price / 100.0, stock_quantity = :stock
WHERE t.id = ('00000000-0000-4000-8000-000000' || :n)::uuid
RETURNING ('{"id":"' || t.id || '"'
           || ',"name":' || COALESCE(to_json(t.name)::text, 'null')
           || ',"description":' || COALESCE(to_json(t.description)::text, 'null')
           || ',"price":' || COALESCE(to_json(t.price)::text, 'null')
           || ',"stock_quantity":' || COALESCE((t.stock_quantity)::text, 'null') || '}');
\endpipeline
\startpipeline
SELECT pg_logical_emit_message(true, 'pgbench', 'what a worker says of its transaction');
COMMIT;
\endpipeline
