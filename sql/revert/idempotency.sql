-- Revert larder:idempotency from pg

BEGIN;

DROP TABLE larder.idempotency_keys;

COMMIT;
