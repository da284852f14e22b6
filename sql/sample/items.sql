-- Two items. The first has the id of the examples in the OpenAPI description.

BEGIN;

-- Two stacks that start on one database must not both find the table empty.
LOCK TABLE public.items IN SHARE ROW EXCLUSIVE MODE;

INSERT INTO public.items (id, data)
SELECT id, data
FROM (VALUES
    ('6f1d2c3b-4a59-4e68-8b77-90a1b2c3d4e5'::uuid,
     '{"name": "Toolbox", "tags": ["red", "steel"], "size": {"height": 20}}'::jsonb),
    (gen_random_uuid(),
     '{"name": "Ladder", "steps": 5}'::jsonb)
) AS sample (id, data)
WHERE NOT EXISTS (SELECT FROM public.items);

COMMIT;
