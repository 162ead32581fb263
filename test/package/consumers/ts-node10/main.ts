// TypeScript that resolves as Node 10 did knows nothing of `exports`.
import Koa from 'koa'
import session, { MemoryStore, type SessionOptions } from 'koa-sess'
import { fromExpressStore, toExpressStore } from 'koa-sess/adapters'
import { cookieSession } from 'koa-sess/cookie'
import { deviceBound } from 'koa-sess/device-bound'
import { migrating } from 'koa-sess/migrate'
import { MysqlStore } from 'koa-sess/mysql'
import { PostgresStore } from 'koa-sess/postgres'
import { RedisStore } from 'koa-sess/redis'
import { SqliteStore } from 'koa-sess/sqlite'
import { testStore } from 'koa-sess/testing'

const options: SessionOptions<{ views?: number }> = { store: new MemoryStore() }
const app = new Koa()
app.use(session(options)).use(deviceBound())
app.use(cookieSession({ keys: ['a key of at least thirty-two characters'], key: 'cart' }))
app.use((ctx) => {
  ctx.session.views = (ctx.session.views ?? 0) + 1
})

export const stores = [RedisStore, SqliteStore, PostgresStore, MysqlStore]
export const store = migrating({ from: new MemoryStore(), to: new MemoryStore() })
export const adapted = fromExpressStore(toExpressStore(store))
export { app, testStore }
