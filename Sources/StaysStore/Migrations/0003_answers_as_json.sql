-- The answer under an idempotency key is kept as JSON, which the library SQL writes and reads for every service alike.
--
-- The release before keeps the answer's parts in columns of their own. While both serve, and for what it wrote earlier, the
-- triggers make each form from the other: a repeat of a request is answered by either release as by the one that did it. A
-- later migration can drop the triggers and the three columns. (No function for JSON: a connection that does not trust the
-- schema refuses them in triggers.)

CREATE TABLE answered_idempotency (
    key              TEXT    NOT NULL,
    scope            TEXT    NOT NULL DEFAULT '*',
    fingerprint      TEXT    NOT NULL,
    answer           TEXT    NOT NULL DEFAULT '',
    expires_at       INTEGER NOT NULL,
    booking_id       TEXT    REFERENCES booking (id),
    answered_status  TEXT,
    answered_version INTEGER,
    PRIMARY KEY (key, scope)
) STRICT, WITHOUT ROWID;

INSERT INTO answered_idempotency
    (key, scope, fingerprint, answer, expires_at, booking_id, answered_status, answered_version)
SELECT key, scope, fingerprint,
    '{"id":"' || booking_id || '","status":"' || answered_status || '","version":' || answered_version || '}',
    expires_at, booking_id, answered_status, answered_version
FROM idempotency;

DROP TABLE idempotency;
ALTER TABLE answered_idempotency RENAME TO idempotency;
CREATE INDEX idempotency_by_expiry ON idempotency (expires_at);

CREATE TRIGGER idempotency_from_release_before AFTER INSERT ON idempotency WHEN NEW.answer = '' BEGIN
    UPDATE idempotency
    SET answer = '{"id":"' || booking_id || '","status":"' || answered_status || '","version":' || answered_version || '}'
    WHERE key = NEW.key AND scope = NEW.scope;
END;

CREATE TRIGGER idempotency_for_release_before AFTER INSERT ON idempotency WHEN NEW.booking_id IS NULL BEGIN
    UPDATE idempotency
    SET booking_id = substr(answer, instr(answer, '"id":"') + 6, 26),
        answered_status = iif(instr(answer, '"status":"confirmed"') > 0, 'confirmed', 'cancelled'),
        answered_version = CAST(substr(answer, instr(answer, '"version":') + 10) AS INTEGER)
    WHERE key = NEW.key AND scope = NEW.scope;
END;
