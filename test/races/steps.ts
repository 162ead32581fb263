import { once } from 'node:events'
import type { AddressInfo } from 'node:net'
import Koa, { type Context } from 'koa'
import session, { type SessionOptions } from '../../src/index.js'
import { Gates } from '../support/gate.js'

/**
 * An app whose handlers do what the query says, step by step: `/?do=read,wait:a,set:x:1`. A `wait`
 * stops at a gate until `/gate/open?name=a`; `/gate/arrived?name=a` answers once a request waits there.
 */
export interface StepsSite {
  origin: string
  errors: unknown[]
  events: string[]
  gates: Gates
  /** Empties the lists. */
  reset(): void
  close(): Promise<void>
}

type Step = (ctx: Context, key: string, value: string) => unknown

const STEPS: Record<string, Step> = {
  read: async (ctx) => {
    ctx.state.read = { ...(await ctx.session) }
  },
  set: async (ctx, key, value) => {
    const current = await ctx.session
    current[key] = value
  },
  inc: async (ctx, key) => {
    const current = await ctx.session
    current[key] = (current[key] ?? 0) + 1
  },
  del: async (ctx, key) => {
    const current = await ctx.session
    delete current[key]
  },
  age: async (ctx, key) => {
    const current = await ctx.session
    current.cookie.maxAge = Number(key)
  },
  replace: (ctx, key, value) => {
    ctx.session = { [key]: value }
  },
  logout: (ctx) => {
    ctx.session = null
  },
  regenerate: (ctx, key) => void ctx.regenerateSession(key ? { keep: [key] } : {}),
  update: (ctx, key) =>
    ctx.updateSession((draft) => {
      draft[key] = (draft[key] ?? 0) + 1
    }),
  failing: (ctx, key) =>
    ctx
      .updateSession((draft) => {
        draft[key] = 'never'
        throw new Error('changed my mind')
      })
      .catch(() => undefined),
  save: (ctx) => ctx.saveSession(),
  // Not awaited, as people forget to.
  saving: (ctx) => void ctx.saveSession(),
  throw: (ctx) => ctx.throw(418),
  flush: (ctx) => {
    ctx.respond = false
    ctx.res.statusCode = 200
    ctx.res.flushHeaders()
    ctx.state.flushed = true
  },
}

export async function serveSteps(options: SessionOptions<SessionData>): Promise<StepsSite> {
  const app = new Koa()
  app.keys = ['a secret of the races']
  const errors: unknown[] = []
  const events: string[] = []
  app.on('error', (error) => errors.push(error))
  for (const name of ['superseded', 'gone', 'conflict', 'unsent'])
    app.on(`session:${name}`, () => events.push(name))
  const gates = new Gates()
  const middleware = session(options)
  app.use(async (ctx, next) => {
    const name = String(ctx.query.name)
    if (ctx.path === '/gate/arrived') await gates.arrived(name)
    else if (ctx.path === '/gate/open') gates.open(name)
    else return next()
    ctx.status = 204
  })
  app.use(middleware)
  app.use(async (ctx) => {
    for (const step of String(ctx.query.do ?? '').split(',')) {
      const [name = '', key = '', value = ''] = step.split(':')
      if (name !== 'wait') await STEPS[name]?.(ctx, key, value)
      else {
        await gates.pass(key)
        gates.close(key)
      }
    }
    const body = JSON.stringify(ctx.state.read ?? null)
    // The session is committed behind this handler; only then may the answer end.
    if (ctx.state.flushed) setImmediate(() => ctx.res.end(body))
    else ctx.body = body
  })
  const server = app.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    origin: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    errors,
    events,
    gates,
    reset() {
      errors.length = 0
      events.length = 0
    },
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
      middleware.close()
    },
  }
}
