CREATE TABLE IF NOT EXISTS "koa_sess" (
  key bytea NOT NULL PRIMARY KEY,
  value bytea NOT NULL,
  expires_at bigint NOT NULL
);
CREATE INDEX IF NOT EXISTS "koa_sess_expires_at" ON "koa_sess" (expires_at);
