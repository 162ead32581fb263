const assert = require('node:assert/strict')
const { once } = require('node:events')
const Koa = require('koa')
const session = require('koa-sess')
const { fromKeyv, toExpressStore } = require('koa-sess/adapters')
const { cookieSession } = require('koa-sess/cookie')
const { deviceBound } = require('koa-sess/device-bound')
const { MysqlStore } = require('koa-sess/mysql')
const { PostgresStore } = require('koa-sess/postgres')
const { migrating } = require('koa-sess/migrate')
const { RedisStore } = require('koa-sess/redis')
const { SqliteStore } = require('koa-sess/sqlite')
const { testStore } = require('koa-sess/testing')

const { MemoryStore, SessionError } = session

async function main() {
  assert.equal(typeof session, 'function')
  assert.equal(typeof MemoryStore, 'function')
  assert.equal(
    typeof cookieSession({ keys: ['a key of at least thirty-two characters'] }),
    'function',
  )
  assert.equal(typeof toExpressStore(new MemoryStore()).regenerate, 'function')
  assert.throws(() => fromKeyv({}), SessionError)
  assert.equal(typeof testStore, 'function')
  assert.throws(() => deviceBound({ path: 'device' }), SessionError)
  for (const Store of [RedisStore, SqliteStore, PostgresStore, MysqlStore])
    assert.throws(() => new Store({ client: {} }), SessionError)
  assert.throws(() => migrating({}), SessionError)

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
}

main()
