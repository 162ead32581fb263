import Koa from 'koa'
import session, {
  type LegacyStore,
  MemoryStore,
  SessionError,
  type SessionErrorCode,
  type SessionOptions,
  type SessionStore,
} from 'koa-sess'
import { fromExpressStore, toExpressStore } from 'koa-sess/adapters'
import { cookieSession } from 'koa-sess/cookie'
import { type DeviceBoundOptions, deviceBound } from 'koa-sess/device-bound'
import { migrating } from 'koa-sess/migrate'
import { MysqlStore } from 'koa-sess/mysql'
import { PostgresStore } from 'koa-sess/postgres'
import { RedisStore } from 'koa-sess/redis'
import { SqliteStore } from 'koa-sess/sqlite'

interface Cart {
  items?: string[]
}

const store: SessionStore = new MemoryStore()
const options: SessionOptions<Cart> = { store }
const app = new Koa()
app.use(session<Cart>(options))
app.use(session())
const device: DeviceBoundOptions = {
  onUnproved: (ctx, { why }) => (ctx.path === why ? 'allow' : 'refuse'),
}
app.use(deviceBound(device)).use((ctx) => ctx.bindDevice())
app.use(cookieSession<Cart>({ keys: ['a key of at least thirty-two characters'], key: 'cart' }))
app.use((ctx) => {
  ctx.session.views = (ctx.session.views ?? 0) + 1
  ctx.body = `You were here ${ctx.session.views} times`
})
app.on('error', (error: unknown) => {
  if (error instanceof SessionError) {
    const code: SessionErrorCode = error.code
    console.error(code)
  }
})
const stores: (new (...args: never[]) => SessionStore)[] = [
  RedisStore,
  SqliteStore,
  PostgresStore,
  MysqlStore,
  session.MemoryStore,
]

const adapted: LegacyStore = fromExpressStore(toExpressStore(store))
const both: SessionStore = migrating({ from: store, to: new MemoryStore() })

export { adapted, app, both, stores }
