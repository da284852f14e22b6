-- Revert larder:feed from pg

BEGIN;

DROP PUBLICATION larder;

COMMIT;
