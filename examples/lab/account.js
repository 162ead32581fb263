import session from 'koa-sess'
import { deviceBound } from 'koa-sess/device-bound'
import { browserOf } from './browser-of.js'
import { live } from './live.js'
import { readForm } from './web.js'

export const LONGEST_NAME = 40
export const ENDED = 'This session has ended. Log in again.'
const MINUTE = 60_000

/** The strict recipe of docs/security.md. */
const strict = (sealKeys) => ({
  key: '__Host-sid',
  ttl: 30 * MINUTE,
  absoluteTimeout: 12 * 60 * MINUTE,
  rolling: true,
  renew: 0.5,
  digest: 'sha256',
  hashIds: true,
  encryption: { keys: sealKeys },
})

/** The sessions of the login area. Without `sealKeys`, the defaults of koa-sess hold. */
export function createSessions({ store, sealKeys }) {
  return session({
    store,
    // The button stops the store for as long as you like: answer 503 at once.
    reconnectTimeout: 0,
    users: {
      of: (session) => session.name,
      describe: (ctx) => ({ browser: browserOf(ctx.get('user-agent')) }),
    },
    ...(sealKeys && strict(sealKeys)),
  })
}

/** The login area, below `createSessions`. */
export function account(app) {
  app.use(deviceBound())
  app.use(async (ctx) => {
    if (ctx.path === '/account/live') return live(ctx)
    const action = Object.hasOwn(ACTIONS, ctx.path) ? ACTIONS[ctx.path] : undefined
    if (action && ctx.method !== 'POST') return ctx.redirect('/account')
    if (!action && ctx.path !== '/account') ctx.throw(404)
    ctx.status = 200
    ctx.state.note = action ? await action(ctx) : greet(ctx)
    ctx.state.isAccount = true
  })
}

function greet({ query, session }) {
  if (query.store !== 'started') return
  return session.name
    ? 'The store works again, and you are still logged in.'
    : 'The store works again.'
}

/** What a user can do. Each returns the note that the page shows. */
const ACTIONS = {
  async '/account/login'(ctx) {
    const name = (await readForm(ctx)).get('name')?.trim() ?? ''
    if (!name || name.length > LONGEST_NAME) {
      ctx.status = 422
      ctx.state.invalid = `Enter a name of 1 to ${LONGEST_NAME} characters.`
      return
    }
    // A new id at login prevents session fixation: a planted id is not logged in.
    await ctx.regenerateSession()
    ctx.session.name = name
    ctx.session.count = 0
    ctx.session.since = new Date().toISOString()
    // Browsers that support it bind the session to their device: a stolen cookie is worth nothing.
    await ctx.bindDevice()
    return `Hello, ${name}. Logging in gave you a new session id.`
  },

  '/account/count': whenLoggedIn(async (ctx) => {
    // Two clicks at the same time count twice: update reads, adds and writes as one step.
    const count = await ctx.updateSession((session) => {
      session.count += 1
      return session.count
    })
    return `Counted to ${count}.`
  }),

  '/account/regenerate': whenLoggedIn(async (ctx) => {
    await ctx.regenerateSession({ keep: ['name', 'count', 'since'] })
    return 'You have a new session id. It keeps your name and the counter; the old id has ended.'
  }),

  '/account/end': whenLoggedIn(async (ctx) => {
    const handle = (await readForm(ctx)).get('handle') ?? ''
    const wasThere = await ctx.sessions.end(handle)
    return wasThere ? 'That browser is logged out.' : 'That browser was logged out already.'
  }),

  '/account/end-others': whenLoggedIn(async (ctx) => {
    const count = await ctx.sessions.endOthers()
    return `${count} other ${count === 1 ? 'browser is' : 'browsers are'} logged out.`
  }),

  '/account/logout'(ctx) {
    ctx.session = null
    return 'You are logged out: the session is deleted from the store, the cookie from your browser.'
  },
}

function whenLoggedIn(action) {
  return (ctx) => (ctx.session.name ? action(ctx) : ENDED)
}
