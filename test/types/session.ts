import Koa from 'koa'
import session, {
  MemoryStore,
  type SessionOf,
  type SessionOptions,
  type SessionStore,
} from '../../src/index.js'
import { equal } from './equal.js'

interface Visit {
  user?: { name: string }
  views?: number
}

const app = new Koa()

app.use(session()).use((ctx) => {
  equal<typeof ctx.sessionId, string | undefined>(true)
  equal<typeof ctx.session.isNew, boolean>(true)
  equal<ReturnType<typeof ctx.session.save>, Promise<boolean>>(true)
  equal<ReturnType<typeof ctx.saveSession>, Promise<boolean>>(true)
  ctx.session = null
})

app.use(session<Visit>()).use((ctx) => {
  equal<typeof ctx.session.views, number | undefined>(true)
  equal<typeof ctx.session.user, { name: string } | undefined>(true)
  ctx.session.views = 1
  ctx.session = { views: 1 }
  ctx.session = null
  // @ts-expect-error a key of another type
  ctx.session.views = 'many'
  // @ts-expect-error an unknown key
  ctx.session.visits = 1
})

app.use(async (ctx) => {
  const views = await ctx.updateSession((current) => {
    equal<typeof current, SessionOf<SessionData>>(true)
    return 1
  })
  equal<typeof views, number>(true)
})

const store: SessionStore = new MemoryStore({ max: 10 })
const options: SessionOptions<Visit> = { store, key: 'sid', ttl: ({ views }) => views ?? 0 }
session(options)
session({ store: { get: () => null, set: () => {}, destroy: () => {} } })
session({ cookie: { maxAge: 1000, sameSite: 'lax' }, rolling: true })

// @ts-expect-error an unknown option
session({ nonsense: true })
// @ts-expect-error an option of another type
session({ key: 1 })
// @ts-expect-error not a store
session({ store: { get: () => null } })
// @ts-expect-error data is an object
session<string>()
