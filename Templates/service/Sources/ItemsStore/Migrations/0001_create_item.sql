CREATE TABLE item (
    id TEXT PRIMARY KEY NOT NULL,
    name TEXT NOT NULL,
    price_cents INTEGER NOT NULL CHECK (price_cents >= 0),
    stock INTEGER NOT NULL CHECK (stock >= 0),
    supplier TEXT NOT NULL,
    available_from TEXT
) STRICT, WITHOUT ROWID;
