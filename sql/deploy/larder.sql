-- Deploy larder:larder to pg
-- What the programs keep for themselves.

BEGIN;

CREATE SCHEMA larder;

-- The epoch under which Redis may be used. It only ever grows, and no value is used twice.
CREATE TABLE larder.epoch (
    singleton boolean PRIMARY KEY DEFAULT true CHECK (singleton),
    value     bigint NOT NULL DEFAULT 1 CHECK (value >= 1)
);
INSERT INTO larder.epoch DEFAULT VALUES;

-- JSON Merge Patch (RFC 7396). PL/pgSQL, because a function in SQL cannot name itself when it is
-- created.
CREATE FUNCTION larder.merge_patch(target jsonb, patch jsonb) RETURNS jsonb
LANGUAGE plpgsql IMMUTABLE PARALLEL SAFE
AS $$
DECLARE
    result jsonb := '{}';
    member record;
BEGIN
    IF jsonb_typeof(patch) IS DISTINCT FROM 'object' THEN
        RETURN patch;
    END IF;
    IF jsonb_typeof(target) = 'object' THEN
        result := target;
    END IF;
    FOR member IN SELECT key, value FROM jsonb_each(patch) LOOP
        IF jsonb_typeof(member.value) = 'null' THEN
            result := result - member.key;
        ELSE
            result := result || jsonb_build_object(
                member.key, larder.merge_patch(result -> member.key, member.value));
        END IF;
    END LOOP;
    RETURN result;
END
$$;

COMMIT;
