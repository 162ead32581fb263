PRAGMA journal_mode = WAL;
CREATE TABLE IF NOT EXISTS "koa_sess" (
  key BLOB NOT NULL PRIMARY KEY,
  value BLOB NOT NULL,
  expires_at INTEGER NOT NULL
);
CREATE INDEX IF NOT EXISTS "koa_sess_expires_at" ON "koa_sess" (expires_at);
