-- Eight products.

BEGIN;

-- Two stacks that start on one database must not both find the table empty.
LOCK TABLE public.products IN SHARE ROW EXCLUSIVE MODE;

INSERT INTO public.products (name, description, price, stock_quantity)
SELECT name, description, price, stock_quantity
FROM (VALUES
    ('Wireless Mouse', 'Ergonomic wireless mouse with a USB receiver', 24.99, 150),
    ('Mechanical Keyboard', 'Backlit keyboard with tactile switches', 89.90, 75),
    ('USB-C Hub', 'Seven ports, among them HDMI and Ethernet', 45.50, 200),
    ('27-inch Monitor', 'QHD panel, height adjustable', 299.00, 40),
    ('Laptop Stand', 'Aluminium stand, folds flat', 34.95, 120),
    ('Webcam', '1080p camera with a privacy shutter', 59.99, 90),
    ('Desk Lamp', NULL, 19.90, 300),
    ('Noise-Cancelling Headphones', 'Over-ear headphones, 30 hours of battery', 179.00, 60)
) AS sample (name, description, price, stock_quantity)
WHERE NOT EXISTS (SELECT FROM public.products);

COMMIT;
