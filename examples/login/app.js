import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import Koa from 'koa'
import session from 'koa-sess'
import { deviceBound } from 'koa-sess/device-bound'
import { renderError, renderPage } from './page.js'

const FILES = ['/style.css', '/client.js']
const MOST_BYTES = 4096
const LONGEST_NAME = 40
const ENDED = 'This session has ended. Log in again.'

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

/** Creates the app. Without `store`, sessions are kept in memory; without `sealKeys`, STRICT is off. */
export function createApp({ keys, sealKeys, store, storeName }) {
  const app = new Koa()
  app.keys = keys
  const sessions = session({ store, ...(sealKeys && strict(sealKeys)) })

  if (sealKeys) app.use(trustLocalhost)
  app.use(secureHeaders)
  app.use(files)
  app.use(pages(storeName))
  app.use(sameOrigin)
  app.use(sessions)
  app.use(deviceBound())
  app.use(actions)
  return { app, close: () => sessions.close() }
}

/** The actions of a user. Each returns the note that the page shows. */
const ACTIONS = {
  async '/login'(ctx) {
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

  async '/count'(ctx) {
    if (!ctx.session.name) return ENDED
    // Two clicks at the same time count twice: update reads, adds and writes as one step.
    const count = await ctx.updateSession((session) => {
      session.count += 1
      return session.count
    })
    return `Counted to ${count}.`
  },

  async '/regenerate'(ctx) {
    if (!ctx.session.name) return ENDED
    await ctx.regenerateSession({ keep: ['name', 'count', 'since'] })
    return 'You have a new session id. It keeps your name and the counter; the old id has ended.'
  },

  '/logout'(ctx) {
    ctx.session = null
    return 'You are logged out: the session is deleted from the store, the cookie from your browser.'
  },
}

async function actions(ctx) {
  const action = Object.hasOwn(ACTIONS, ctx.path) ? ACTIONS[ctx.path] : undefined
  if (action && ctx.method !== 'POST') return ctx.redirect('/')
  if (!action && ctx.path !== '/') ctx.throw(404)
  ctx.status = 200
  ctx.state.note = await action?.(ctx)
}

/** Runs before the session middleware, so after `next` the session is stored and the cookie set. */
function pages(storeName) {
  return async (ctx, next) => {
    try {
      await next()
    } catch (error) {
      if (!error.expose) ctx.app.emit('error', error, ctx)
      ctx.status = error.status ?? 500
      ctx.body = renderError(ctx.status)
    }
    if (ctx.body) return
    const { note, invalid } = ctx.state
    // Without an id the store has no session. Another tab may have ended it during the action.
    const { sessionId: id } = ctx
    ctx.body = renderPage({
      id,
      session: id ? ctx.session : undefined,
      boundDevice: ctx.boundDevice,
      storeName,
      note: note && !id && ctx.session ? ENDED : note,
      invalid,
      longestName: LONGEST_NAME,
      method: ctx.method,
      path: ctx.path,
      status: ctx.status,
      setCookie: [ctx.response.get('Set-Cookie')].flat().filter(Boolean),
    })
  }
}

/** SameSite=Lax stops other sites from using a session; this also stops them from logging users in. */
function sameOrigin(ctx, next) {
  const from = ctx.get('Sec-Fetch-Site')
  if (ctx.method === 'POST' && from && from !== 'same-origin') ctx.throw(403)
  return next()
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]']

/** Browsers accept secure cookies from localhost. Behind a proxy that terminates TLS, set app.proxy. */
function trustLocalhost(ctx, next) {
  ctx.cookies.secure ||= LOOPBACK.includes(ctx.hostname)
  return next()
}

function secureHeaders(ctx, next) {
  ctx.set({
    'Content-Security-Policy':
      "default-src 'none'; style-src 'self'; img-src data:; script-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'",
    'X-Content-Type-Options': 'nosniff',
    'Cache-Control': 'no-store',
  })
  return next()
}

async function files(ctx, next) {
  if (!FILES.includes(ctx.path)) return next()
  ctx.type = extname(ctx.path)
  ctx.body = await readFile(new URL(`public${ctx.path}`, import.meta.url))
}

async function readForm(ctx) {
  let text = ''
  for await (const chunk of ctx.req.setEncoding('utf8')) {
    text += chunk
    if (text.length > MOST_BYTES) ctx.throw(413)
  }
  return new URLSearchParams(text)
}
