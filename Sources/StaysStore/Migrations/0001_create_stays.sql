-- Days are text, YYYY-MM-DD: they sort as days and anyone can read them in the sqlite3 shell.
-- Moments are integers, microseconds since 1970 in UTC. Money is an integer in the currency's minor unit.
-- The tables are small rows looked up by their key alone: WITHOUT ROWID saves a second tree for each.

CREATE TABLE room (
    id              TEXT    NOT NULL PRIMARY KEY,
    name            TEXT    NOT NULL,
    capacity        INTEGER NOT NULL CHECK (capacity BETWEEN 1 AND 20),
    price_per_night INTEGER NOT NULL CHECK (price_per_night >= 0),
    currency        TEXT    NOT NULL
) STRICT, WITHOUT ROWID;

-- Identifiers sort by the time they were made: new rows go to the end of the tree, and newest first is its order.
CREATE TABLE booking (
    id          TEXT    NOT NULL PRIMARY KEY,
    room_id     TEXT    NOT NULL REFERENCES room (id),
    arrival     TEXT    NOT NULL,
    departure   TEXT    NOT NULL CHECK (departure > arrival),
    guests      INTEGER NOT NULL CHECK (guests >= 1),
    guest_name  TEXT    NOT NULL,
    guest_email TEXT    NOT NULL,
    total       INTEGER NOT NULL CHECK (total >= 0),
    currency    TEXT    NOT NULL,
    status      TEXT    NOT NULL CHECK (status IN ('confirmed', 'cancelled')),
    version     INTEGER NOT NULL CHECK (version >= 1),
    created_at  INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX booking_by_room ON booking (room_id, id);

-- What coordinates all processes: a night of a room can be held once. A confirmed booking holds its nights.
CREATE TABLE held_night (
    room_id    TEXT NOT NULL REFERENCES room (id),
    night      TEXT NOT NULL,
    booking_id TEXT NOT NULL REFERENCES booking (id),
    PRIMARY KEY (room_id, night)
) STRICT, WITHOUT ROWID;

-- The first answer under a client's key: the booking, and those of its columns that later change, as they were then.
CREATE TABLE idempotency (
    key              TEXT    NOT NULL PRIMARY KEY,
    fingerprint      TEXT    NOT NULL,
    booking_id       TEXT    NOT NULL REFERENCES booking (id),
    answered_status  TEXT    NOT NULL,
    answered_version INTEGER NOT NULL,
    expires_at       INTEGER NOT NULL
) STRICT, WITHOUT ROWID;

CREATE INDEX idempotency_by_expiry ON idempotency (expires_at);
