-- One row per document. `keys` and `claims` (its unique keys) repeat the document's entries of the two tables below, so
-- that an update reads one row to know which of them to change. The body comes last, so that reads of the other columns
-- skip it.
CREATE TABLE documents (
    document INTEGER PRIMARY KEY,
    collection TEXT NOT NULL,
    id BLOB NOT NULL,
    version INTEGER NOT NULL,
    keys BLOB NOT NULL,
    claims BLOB NOT NULL,
    body TEXT NOT NULL,
    UNIQUE (collection, id)
) STRICT;

CREATE TABLE keys (
    collection TEXT NOT NULL,
    name TEXT NOT NULL,
    key BLOB NOT NULL,
    id BLOB NOT NULL,
    document INTEGER NOT NULL,
    PRIMARY KEY (collection, name, key, id)
) STRICT, WITHOUT ROWID;

CREATE TABLE claims (
    collection TEXT NOT NULL,
    name TEXT NOT NULL,
    value BLOB NOT NULL,
    document INTEGER NOT NULL,
    PRIMARY KEY (collection, name, value)
) STRICT, WITHOUT ROWID;

-- AUTOINCREMENT: a number is never reused, although rows are deleted.
CREATE TABLE outbox (
    seq INTEGER PRIMARY KEY AUTOINCREMENT,
    event TEXT NOT NULL
) STRICT;
