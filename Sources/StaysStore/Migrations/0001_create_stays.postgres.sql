-- As on SQLite: days are text, YYYY-MM-DD; moments are integers, microseconds since 1970 in UTC; money is an integer in the
-- currency's minor unit. COLLATE "C" lets texts sort by their bytes, whatever language the database was made for.

CREATE TABLE room (
    id              TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    name            TEXT   NOT NULL,
    capacity        BIGINT NOT NULL CHECK (capacity BETWEEN 1 AND 20),
    price_per_night BIGINT NOT NULL CHECK (price_per_night >= 0),
    currency        TEXT   NOT NULL
);

-- Identifiers sort by the time they were made: newest first is the order of the primary key.
CREATE TABLE booking (
    id          TEXT   COLLATE "C" NOT NULL PRIMARY KEY,
    room_id     TEXT   COLLATE "C" NOT NULL REFERENCES room (id),
    arrival     TEXT   COLLATE "C" NOT NULL,
    departure   TEXT   COLLATE "C" NOT NULL CHECK (departure > arrival),
    guests      BIGINT NOT NULL CHECK (guests >= 1),
    guest_name  TEXT   NOT NULL,
    guest_email TEXT   NOT NULL,
    total       BIGINT NOT NULL CHECK (total >= 0),
    currency    TEXT   NOT NULL,
    status      TEXT   NOT NULL CHECK (status IN ('confirmed', 'cancelled')),
    version     BIGINT NOT NULL CHECK (version >= 1),
    created_at  BIGINT NOT NULL
);

CREATE INDEX booking_by_room ON booking (room_id, id);

-- What coordinates all processes: a night of a room can be held once. A confirmed booking holds its nights.
CREATE TABLE held_night (
    room_id    TEXT COLLATE "C" NOT NULL REFERENCES room (id),
    night      TEXT COLLATE "C" NOT NULL,
    booking_id TEXT COLLATE "C" NOT NULL REFERENCES booking (id),
    PRIMARY KEY (room_id, night)
);

-- No release on PostgreSQL is older than the third form of this table.
CREATE TABLE idempotency (
    key         TEXT   COLLATE "C" NOT NULL,
    scope       TEXT   COLLATE "C" NOT NULL,
    fingerprint TEXT   NOT NULL,
    answer      TEXT   NOT NULL,
    expires_at  BIGINT NOT NULL,
    PRIMARY KEY (key, scope)
);

CREATE INDEX idempotency_by_expiry ON idempotency (expires_at);
