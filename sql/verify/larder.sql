-- Verify larder:larder on pg

BEGIN;

SELECT 1 / count(*) FROM larder.epoch WHERE singleton AND value >= 1;

-- The first example of RFC 7396, in short.
SELECT 1 / (larder.merge_patch('{"a": "b", "c": {"d": "e", "f": "g"}}',
                               '{"a": "z", "c": {"f": null}}')
            = '{"a": "z", "c": {"d": "e"}}')::int;

ROLLBACK;
