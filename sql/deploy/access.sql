-- Deploy larder:access to pg
-- requires: larder
-- requires: feed
--
-- Larder's own tokens. The secret of a token is nowhere in the database: `hash` is its SHA-256, of 256
-- random bits. A token that was revoked keeps its row, and its name is free again.

BEGIN;

CREATE TABLE larder.tokens (
    id      bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    name    text NOT NULL CHECK (name ~ '^[A-Za-z][A-Za-z0-9._@-]{0,63}$'),
    hash    bytea NOT NULL UNIQUE CHECK (octet_length(hash) = 32),
    roles   text[] NOT NULL CHECK (cardinality(roles) >= 1 AND array_position(roles, NULL) IS NULL),
    created timestamptz NOT NULL DEFAULT now(),
    expires timestamptz CHECK (isfinite(expires)),
    revoked timestamptz
);
CREATE UNIQUE INDEX tokens_name_key ON larder.tokens (name) WHERE revoked IS NULL;

-- When a token was used last, coarsely. It is not published: it makes no verdict wrong.
CREATE TABLE larder.token_uses (
    token bigint PRIMARY KEY REFERENCES larder.tokens ON DELETE CASCADE,
    used  timestamptz NOT NULL
);

-- The feeds of other hosts learn of tokens by it. An operator may have made another publication.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_publication WHERE pubname = 'larder') THEN
        CREATE PUBLICATION larder;
    END IF;
    IF NOT EXISTS (SELECT FROM pg_publication_tables
            WHERE pubname = 'larder' AND schemaname = 'larder' AND tablename = 'tokens') THEN
        ALTER PUBLICATION larder ADD TABLE larder.tokens;
    END IF;
END
$$;

COMMIT;
