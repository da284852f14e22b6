-- Revert larder:access from pg

BEGIN;

DROP TABLE larder.token_uses;
DROP TABLE larder.tokens;

COMMIT;
