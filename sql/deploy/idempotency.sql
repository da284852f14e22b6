-- Deploy larder:idempotency to pg
-- requires: larder
--
-- The answers to writes that had an Idempotency-Key, each kept by the transaction of its write. `key` is the
-- SHA-256 of the key and of whose it is, `fingerprint` that of the request. `headers` has whole lines, `body` is
-- JSON; empty: the answer has none. Not published: no cache depends on it. An index of blocks is enough to find
-- old rows, which lie together, and costs a write next to nothing.

BEGIN;

CREATE TABLE larder.idempotency_keys (
    key          bytea PRIMARY KEY CHECK (octet_length(key) = 32),
    fingerprint  bytea NOT NULL CHECK (octet_length(fingerprint) = 32),
    made_at      timestamptz NOT NULL DEFAULT now(),
    status       smallint NOT NULL,
    headers      text NOT NULL,
    body         text NOT NULL
);
CREATE INDEX idempotency_keys_made_at ON larder.idempotency_keys
    USING brin (made_at) WITH (pages_per_range = 32, autosummarize = on);

COMMIT;
