-- Verify larder:idempotency on pg

BEGIN;

SELECT key, fingerprint, made_at, status, headers, body FROM larder.idempotency_keys WHERE false;

ROLLBACK;
