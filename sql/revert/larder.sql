-- Revert larder:larder from pg

BEGIN;

DROP FUNCTION larder.merge_patch(jsonb, jsonb);
DROP TABLE larder.epoch;
DROP SCHEMA larder;

COMMIT;
