export const TABLE = 'CREATE TABLE json_sessions (id text PRIMARY KEY, value text, expires bigint)'

const SELECT = 'SELECT value FROM json_sessions WHERE id = $1 AND expires > $2'
const UPSERT =
  'INSERT INTO json_sessions (id, value, expires) VALUES ($1, $2, $3) ' +
  'ON CONFLICT (id) DO UPDATE SET value = excluded.value, expires = excluded.expires'
const DELETE = 'DELETE FROM json_sessions WHERE id = $1'

/** koa-session and koa-generic-session have no store for PostgreSQL: this is what theirs for Redis do. */
export function jsonOnPostgres(pool) {
  const ask = (name, text, ...values) => pool.query({ name, text, values })
  return {
    async get(id) {
      const { rows } = await ask('get', SELECT, id, Date.now())
      return rows.length === 0 ? undefined : JSON.parse(rows[0].value)
    },
    set: (id, session, maxAge) =>
      ask('set', UPSERT, id, JSON.stringify(session), Date.now() + maxAge),
    destroy: (id) => ask('destroy', DELETE, id),
  }
}
