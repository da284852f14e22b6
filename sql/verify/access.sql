-- Verify larder:access on pg

BEGIN;

SELECT id, name, hash, roles, created, expires, revoked FROM larder.tokens WHERE false;
SELECT token, used FROM larder.token_uses WHERE false;

SELECT 1 / count(*) FROM pg_publication_tables
WHERE pubname = 'larder' AND schemaname = 'larder' AND tablename = 'tokens';

ROLLBACK;
