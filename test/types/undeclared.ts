import { EventEmitter } from 'node:events'
import Koa, { type Context } from 'koa'
import session, {
  type SessionAppNotice,
  type SessionEmitter,
  type SessionEventMap,
} from '../../src/index.js'
import type { Session } from '../../src/session/session.js'
import { equal } from './equal.js'

interface Visit {
  views?: number
}

// README's first program, as it stands: nothing is declared.
const app = new Koa()
app.keys = ['a long random secret']
app.use(session())
app.use((ctx) => {
  ctx.session.views = (ctx.session.views ?? 0) + 1
  ctx.body = `You were here ${ctx.session.views} times`
})
app.use(async (ctx) => {
  ctx.session = null
  ctx.body = ctx.session.user
  await ctx.regenerateSession({ keep: ['cart'] })
  await ctx.regenerateSession()
  const views = await ctx.updateSession((current) => {
    current.views = (current.views ?? 0) + 1
    return 1
  })
  equal<typeof views, number>(true)
  const counted = await ctx.updateSession<number>((current) => current.views)
  equal<typeof counted, number>(true)
  const other = await ctx.sessionStore.get('an id')
  await ctx.sessionStore.set('an id', { ...other, user: 'ada' })
  equal<typeof ctx.sessionId, string | undefined>(true)
})

// A middleware that is used in a chain: its session is known.
new Koa().use(session()).use(async (ctx) => {
  ctx.session.views = (ctx.session.views ?? 0) + 1
  equal<typeof ctx.session.isNew, boolean>(true)
  const kept = await ctx.regenerateSession({ keep: ['cart'] })
  equal<typeof kept.isNew, boolean>(true)
  await ctx.session.regenerate({ keep: ['cart'] })
})

new Koa().use(session<Visit>()).use(async (ctx) => {
  await ctx.updateSession((current) => {
    equal<typeof current.views, number | undefined>(true)
    // @ts-expect-error an unknown key
    current.visits = 1
  })
  await ctx.regenerateSession({ keep: ['views'] })
  await ctx.session.regenerate({ keep: ['views'] })
  // @ts-expect-error not a key of the data
  await ctx.session.regenerate({ keep: ['visits'] })
  const stored = await ctx.sessionStore.get('an id')
  equal<NonNullable<typeof stored>['views'], number | undefined>(true)
  await ctx.sessionStore.set('an id', { views: 1 })
  if (stored) await ctx.sessionStore.set('an id', stored)
  // @ts-expect-error a key of another type
  await ctx.sessionStore.set('an id', { views: 'many' })
})

new Koa().use(session<Visit>()).use((ctx) =>
  // @ts-expect-error not a key of the data
  ctx.regenerateSession({ keep: ['visits'] }),
)

new Koa().use(session<Visit>({ defer: true })).use(async (ctx) => {
  const current = await ctx.session
  equal<typeof current.isNew, boolean>(true)
  await ctx.updateSession((draft) => {
    equal<typeof draft.views, number | undefined>(true)
  })
  // @ts-expect-error the promise was not awaited
  ctx.session.isNew
  // @ts-expect-error the promise was not awaited
  ctx.session.save()
  // @ts-expect-error the promise was not awaited
  ctx.session.views = 1
})

// A function that is given any context.
export const userOf = (ctx: Context): unknown => ctx.session.user

// Hooks get the context as an argument, so that they need no `this`.
session<Visit>({
  genSid: (length, ctx) => `${ctx.ip}${length}`,
  valid: (ctx, current) => ctx.path !== '/' && current.views !== 1,
  beforeSave: (_ctx, current) => {
    current.views = 1
  },
  errorHandler: (error, type, ctx) => {
    ctx.app.emit('error', error, type)
  },
  sessionIdStore: {
    get: (ctx) => ctx.get('x-session'),
    set: (sid, _current, ctx) => ctx.set('x-session', sid),
    reset: (ctx) => ctx.remove('x-session'),
  },
})

// The same, in a value of its own.
const sessionIdStore = {
  get: (ctx: Context) => ctx.get('x-session'),
  set: (sid: string, _session: Session, ctx: Context) => ctx.set('x-session', sid),
  reset: (ctx: Context) => ctx.remove('x-session'),
}
session({ sessionIdStore })

const events: SessionEmitter = app
events.on('session:create', (notice) => {
  equal<typeof notice, SessionAppNotice>(true)
})
// @ts-expect-error no event has this name
events.on('session:made', () => undefined)

export const own = new EventEmitter<SessionEventMap>()
own.on('session:expired', ({ ctx, why }) => ctx.log(why))
