-- Eight products. The first has the id of the examples in the OpenAPI description.

BEGIN;

-- Two stacks that start on one database must not both find the table empty.
LOCK TABLE public.products IN SHARE ROW EXCLUSIVE MODE;

INSERT INTO public.products (id, name, description, price, stock_quantity)
SELECT coalesce(id, gen_random_uuid()), name, description, price, stock_quantity
FROM (VALUES
    ('6f1d2c3b-4a59-4e68-8b77-90a1b2c3d4e5'::uuid,
     'Wireless Mouse', 'Ergonomic wireless mouse with a USB receiver', 24.99, 150),
    (NULL, 'Mechanical Keyboard', 'Backlit keyboard with tactile switches', 89.90, 75),
    (NULL, 'USB-C Hub', 'Seven ports, among them HDMI and Ethernet', 45.50, 200),
    (NULL, '27-inch Monitor', 'QHD panel, height adjustable', 299.00, 40),
    (NULL, 'Laptop Stand', 'Aluminium stand, folds flat', 34.95, 120),
    (NULL, 'Webcam', '1080p camera with a privacy shutter', 59.99, 90),
    (NULL, 'Desk Lamp', NULL, 19.90, 300),
    (NULL, 'Noise-Cancelling Headphones', 'Over-ear headphones, 30 hours of battery', 179.00, 60)
) AS sample (id, name, description, price, stock_quantity)
WHERE NOT EXISTS (SELECT FROM public.products);

COMMIT;
