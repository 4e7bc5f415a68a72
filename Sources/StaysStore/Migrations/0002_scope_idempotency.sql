-- Two clients may choose the same idempotency key: each has its own scope, a fingerprint of its API key.
--
-- The release before knows no scopes. What it wrote, and writes while both releases serve, has the scope '*' and answers
-- whoever comes with the key, as it always did.

CREATE TABLE scoped_idempotency (
    key              TEXT    NOT NULL,
    scope            TEXT    NOT NULL DEFAULT '*',
    fingerprint      TEXT    NOT NULL,
    booking_id       TEXT    NOT NULL REFERENCES booking (id),
    answered_status  TEXT    NOT NULL,
    answered_version INTEGER NOT NULL,
    expires_at       INTEGER NOT NULL,
    PRIMARY KEY (key, scope)
) STRICT, WITHOUT ROWID;

INSERT INTO scoped_idempotency (key, fingerprint, booking_id, answered_status, answered_version, expires_at)
SELECT key, fingerprint, booking_id, answered_status, answered_version, expires_at FROM idempotency;

DROP TABLE idempotency;
ALTER TABLE scoped_idempotency RENAME TO idempotency;
CREATE INDEX idempotency_by_expiry ON idempotency (expires_at);
