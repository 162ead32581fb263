import Router from '@koa/router'
import Koa, { type DefaultState, type ParameterizedContext } from 'koa'
import session, { type DeferredSessionContext, type SessionContext } from '../../src/index.js'
import { equal } from './equal.js'

interface Data {
  user?: { name: string }
}

// For one app alone: the types go with the context, and nothing global is augmented.
const app = new Koa<DefaultState, SessionContext<Data>>()
const router = new Router<DefaultState, SessionContext<Data>>()
router.get('/', async (ctx) => {
  equal<typeof ctx.session.user, { name: string } | undefined>(true)
  ctx.session.user = { name: 'ada' }
  ctx.session.cookie.maxAge = 1000
  ctx.session = null
  await ctx.saveSession()
  // @ts-expect-error an unknown key
  ctx.session.admin = true
  // @ts-expect-error a cookie attribute of another type
  ctx.session.cookie.maxAge = '1 day'
})
app.use(session<Data>({ ttl: 1000 })).use(router.routes())

// A router without type arguments has the global types.
new Router().get('/', (ctx) => {
  equal<typeof ctx.sessionId, string | undefined>(true)
  ctx.session.views = (ctx.session.views ?? 0) + 1
})

// With defer the getter answers with a promise.
const deferred = new Koa<DefaultState, DeferredSessionContext<Data>>()
deferred.use(session<Data>({ defer: true }))
deferred.use(async (ctx) => {
  const current = await ctx.session
  equal<typeof current.user, { name: string } | undefined>(true)
  ctx.session = { user: { name: 'ada' } }
  ctx.session = null
  // @ts-expect-error the promise was not awaited
  ctx.session.user = { name: 'ada' }
})

export function handler(ctx: ParameterizedContext<DefaultState, SessionContext<Data>>): void {
  // @ts-expect-error neither an object nor null
  ctx.session = 'text'
  // @ts-expect-error neither an object nor null
  ctx.session = 7
}
