import Koa = require('koa')
import session = require('koa-sess')
import adapters = require('koa-sess/adapters')
import cookie = require('koa-sess/cookie')
import deviceBound = require('koa-sess/device-bound')
import mysql = require('koa-sess/mysql')
import postgres = require('koa-sess/postgres')
import migrate = require('koa-sess/migrate')
import redis = require('koa-sess/redis')
import sqlite = require('koa-sess/sqlite')

interface Cart {
  items?: string[]
}

const store: session.SessionStore = new session.MemoryStore()
const options: session.SessionOptions<Cart> = { store }
const app = new Koa()
app.use(session<Cart>(options))
app.use(session())
const device: deviceBound.DeviceBoundOptions = { onUnproved: 'allow' }
app.use(deviceBound.deviceBound(device))
app.use((ctx) => ctx.bindDevice())
app.use(cookie.cookieSession({ keys: ['a key of at least thirty-two characters'], key: 'cart' }))
app.use((ctx) => {
  ctx.session.views = (ctx.session.views ?? 0) + 1
  ctx.body = `You were here ${ctx.session.views} times`
})
app.on('error', (error: unknown) => {
  if (error instanceof session.SessionError) {
    const code: session.SessionErrorCode = error.code
    console.error(code)
  }
})
const memory: session.MemoryStore = new session.MemoryStore()
const stores: (new (...args: never[]) => session.SessionStore)[] = [
  redis.RedisStore,
  sqlite.SqliteStore,
  postgres.PostgresStore,
  mysql.MysqlStore,
]
const adapted: session.LegacyStore = adapters.fromExpressStore(adapters.toExpressStore(memory))
const both: session.SessionStore = migrate.migrating({ from: memory, to: store })
export = { adapted, app, both, memory, stores }
