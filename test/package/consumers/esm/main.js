import assert from 'node:assert/strict'
import { once } from 'node:events'
import Koa from 'koa'
import session, { MemoryStore, SessionError } from 'koa-sess'
import { fromKeyv, toExpressStore } from 'koa-sess/adapters'
import { cookieSession } from 'koa-sess/cookie'
import { deviceBound } from 'koa-sess/device-bound'
import { migrating } from 'koa-sess/migrate'
import { MysqlStore } from 'koa-sess/mysql'
import { PostgresStore } from 'koa-sess/postgres'
import { RedisStore } from 'koa-sess/redis'
import { SqliteStore } from 'koa-sess/sqlite'
import { ManualClock, testStore } from 'koa-sess/testing'

assert.equal(session.MemoryStore, MemoryStore)
assert.equal(session.SessionError, SessionError)
assert.equal(
  typeof cookieSession({ keys: ['a key of at least thirty-two characters'] }),
  'function',
)
for (const Store of [RedisStore, SqliteStore, PostgresStore, MysqlStore])
  assert.throws(() => new Store({ client: {} }), SessionError)
assert.equal(typeof toExpressStore(new MemoryStore()).regenerate, 'function')
assert.throws(() => fromKeyv({}), SessionError)
assert.equal(typeof migrating({ from: new MemoryStore(), to: new MemoryStore() }).load, 'function')
assert.equal(typeof testStore, 'function')
assert.throws(() => deviceBound({ path: 'device' }), SessionError)
assert.equal(new ManualClock(5).now(), 5)

const app = new Koa()
app.keys = ['a key of at least thirty-two characters']
app.use(session({ store: new MemoryStore() }))
// The two entries find each other in a request.
app.use(deviceBound())
app.use((ctx) => {
  ctx.session.views = (ctx.session.views ?? 0) + 1
  ctx.body = String(ctx.session.views)
})

const server = app.listen(0, '127.0.0.1')
await once(server, 'listening')
const url = `http://127.0.0.1:${server.address().port}`

const first = await fetch(url)
assert.equal(await first.text(), '1')
const cookie = first.headers
  .getSetCookie()
  .map((line) => line.split(';')[0])
  .join('; ')
const second = await fetch(url, { headers: { cookie } })
assert.equal(await second.text(), '2')
server.closeAllConnections()
server.close()
