-- The same on PostgreSQL. COLLATE "C" lets identifiers sort by their bytes, whatever language the database was made for.
CREATE TABLE item (
    id TEXT COLLATE "C" PRIMARY KEY,
    name TEXT NOT NULL,
    price_cents BIGINT NOT NULL CHECK (price_cents >= 0),
    stock BIGINT NOT NULL CHECK (stock >= 0),
    supplier TEXT NOT NULL,
    available_from TEXT
);
