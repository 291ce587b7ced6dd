PRAGMA journal_mode = WAL;
PRAGMA application_id = 1414088530;
PRAGMA user_version = 2;

    CREATE TABLE mailbox (
        id BLOB PRIMARY KEY, expires INTEGER NOT NULL, size INTEGER NOT NULL, record BLOB NOT NULL);
    CREATE INDEX mailbox_expires ON mailbox (expires);
    CREATE TABLE creation (
        key BLOB PRIMARY KEY, id BLOB NOT NULL, expires INTEGER NOT NULL) WITHOUT ROWID;
    CREATE INDEX creation_expires ON creation (expires);
    CREATE INDEX creation_id ON creation (id);
