import type fastifySession from '@fastify/session'
import { RedisStore as ConnectRedis } from 'connect-redis'
import type express from 'express-session'
import type { MemoryStore as ExpressMemoryStore } from 'express-session'
import expressSession from 'express-session'
import Keyv from 'keyv'
import makeMemoryStore from 'memorystore'
import { createStorage, prefixStorage } from 'unstorage'
import {
  type ExpressStore,
  expressCookie,
  fromExpressStore,
  fromKeyv,
  fromUnstorage,
  toExpressStore,
} from '../../src/adapters.js'
import session, { type LegacyStore, MemoryStore, type SessionStore } from '../../src/index.js'
import type { Equal } from './equal.js'

declare const anyExpressStore: express.Store
declare const expressMemory: ExpressMemoryStore
declare const strong: SessionStore

const Memory = makeMemoryStore(expressSession)

// The stores fit as they are, and what comes of them is an option.
const legacy: LegacyStore[] = [
  fromExpressStore(anyExpressStore),
  fromExpressStore(expressMemory),
  fromExpressStore(new ConnectRedis({ client: {} })),
  fromExpressStore(new Memory({})),
  fromKeyv(new Keyv({ throwOnErrors: true })),
  fromKeyv(new Keyv<string>({ throwOnErrors: true })),
  fromUnstorage(createStorage()),
  fromUnstorage(createStorage<string>()),
  fromUnstorage(prefixStorage(createStorage(), 'sessions')),
]
for (const store of legacy) session({ store })

// The options of express-session fit, and what comes of them is an option.
const shared: express.SessionOptions & { secret: string; cookie: { maxAge: number } } = {
  secret: 'secret',
  cookie: { maxAge: 1000 },
}
session({ sessionIdStore: expressCookie({ secret: shared.secret, cookie: shared.cookie }) })
session({ sessionIdStore: expressCookie({ secret: ['new', 'old'], name: 'sid' }) })
// @ts-expect-error
expressCookie({})

// A store without compare-and-set is none with it.
// @ts-expect-error
const none: SessionStore = fromKeyv(new Keyv())
// @ts-expect-error a class is no store
fromExpressStore(ConnectRedis)
// @ts-expect-error a Map is no Keyv
fromKeyv(new Map())
// @ts-expect-error a driver's options are no storage
fromUnstorage({ base: '' })

// Ours fit the others as they are.
const ours = toExpressStore(new MemoryStore())
export const asExpressStore: Equal<typeof ours, ExpressStore> = true
expressSession({ secret: 'secret', store: ours })
export const store: express.Store = toExpressStore(strong, { prefix: 'sess:', ttl: 1000 })
export const options: fastifySession.FastifySessionOptions = { secret: 'secret', store: ours }
// @ts-expect-error a store without compare-and-set cannot keep what this promises
toExpressStore(fromKeyv(new Keyv()))
// @ts-expect-error
toExpressStore(strong, { tll: 1 })

export { none }
