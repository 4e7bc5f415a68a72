-- Jobs, which the library Jobs writes and reads. What is done is deleted; `due_at` is the end of the lease while a worker has
-- the job. Numbers are never given twice: they are the order of jobs with the same ordering key.

CREATE TABLE job (
    id               INTEGER PRIMARY KEY AUTOINCREMENT,
    idempotency_id   TEXT    NOT NULL,
    kind             TEXT    NOT NULL,
    payload          TEXT    NOT NULL,
    priority         INTEGER NOT NULL,
    ordering_key     TEXT,
    unique_key       TEXT,
    attempts         INTEGER NOT NULL DEFAULT 0,
    maximum_attempts INTEGER NOT NULL,
    due_at           INTEGER NOT NULL,
    lease            TEXT,
    error            TEXT,
    created_at       INTEGER NOT NULL,
    died_at          INTEGER
) STRICT;

CREATE INDEX job_by_due ON job (priority, due_at, id) WHERE died_at IS NULL;
CREATE INDEX job_by_ordering_key ON job (ordering_key, id) WHERE ordering_key IS NOT NULL AND died_at IS NULL;
CREATE UNIQUE INDEX job_by_unique_key ON job (kind, unique_key) WHERE unique_key IS NOT NULL AND died_at IS NULL;
CREATE INDEX job_by_death ON job (kind) WHERE died_at IS NOT NULL;

-- When each periodic work is next to be done.
CREATE TABLE job_schedule (
    name    TEXT    NOT NULL PRIMARY KEY,
    next_at INTEGER NOT NULL
) STRICT, WITHOUT ROWID;
