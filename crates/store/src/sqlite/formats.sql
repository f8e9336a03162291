-- The formats of documents; absent in databases of the first release. The index finds the documents of former formats, and
-- costs nothing in updates, which seldom change the format.
ALTER TABLE documents ADD COLUMN format INTEGER NOT NULL DEFAULT 1;
ALTER TABLE documents ADD COLUMN newest_format INTEGER NOT NULL DEFAULT 1;
CREATE INDEX documents_by_format ON documents (collection, format, id);
