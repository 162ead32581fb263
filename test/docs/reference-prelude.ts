/** What the examples of the reference take for granted. */
export const PRELUDE = `
import Koa, { type Context } from 'koa'
import { Keyv } from 'keyv'
import { createStorage } from 'unstorage'
import type { IncomingMessage } from 'node:http'
import session, { MemoryStore, type LegacyStore, type LiveSession, type SessionStore } from 'koa-sess'
import {
  type ContextStoreClass,
  type ExpressStoreLike,
  expressCookie,
  fromContextStore,
  fromExpressStore,
  fromKeyv,
  fromUnstorage,
  toExpressStore,
} from 'koa-sess/adapters'
import { cookieSession } from 'koa-sess/cookie'
import { deviceBound } from 'koa-sess/device-bound'
import { migrating } from 'koa-sess/migrate'
import { type MysqlPoolLike, MysqlStore } from 'koa-sess/mysql'
import { type PgPoolLike, PostgresStore } from 'koa-sess/postgres'
import { type RedisClient, RedisStore } from 'koa-sess/redis'
import { type SqliteLike, SqliteStore } from 'koa-sess/sqlite'
import { FaultyStore, ManualClock, testStore } from 'koa-sess/testing'

declare global {
  interface SessionData {
    user?: string
    views?: number
    cart?: string[]
    path?: string
  }
}

declare const app: Koa
declare const ctx: Context
declare const sessions: ReturnType<typeof session>
declare const store: SessionStore
declare const memoryStore: MemoryStore
declare const redisStore: RedisStore
declare const sqlStore: PostgresStore
declare const legacyStore: LegacyStore
declare const expressStore: ExpressStoreLike
declare const ContextStore: ContextStoreClass<Context>
declare const client: RedisClient
declare const pool: PgPoolLike
declare const mysqlPool: MysqlPoolLike
declare const database: SqliteLike
declare const faulty: FaultyStore
declare const clock: ManualClock
declare const newKey: string
declare const oldKey: string
declare const id: string
declare const live: LiveSession
declare const req: IncomingMessage
declare const socket: { close(): void; on(event: 'close', listener: () => void): void }
declare const handle: string
declare const checkpoint: string
declare function describe(name: string, define: () => void): void
declare function it(name: string, test: () => Promise<void>): void
declare function down(): Promise<void>
declare function up(): Promise<void>
`
