import { readFile } from 'node:fs/promises'
import { extname } from 'node:path'
import Koa from 'koa'
import session from 'koa-sess'
import { renderError, renderPage } from './page.js'

const FILES = ['/style.css', '/client.js']
const MOST_BYTES = 4096
const LONGEST_NAME = 40
const ENDED = 'This session has ended. Log in again.'

const MINUTE = 60_000

/** The recipe of docs/security.md. */
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

/** The app, and what ends it. Without a store, sessions live in memory; without sealKeys they are not strict. */
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
  app.use(actions)
  return { app, close: () => sessions.close() }
}

/** What a person can do; each returns what to tell them. */
const ACTIONS = {
  async '/login'(ctx) {
    const name = (await readForm(ctx)).get('name')?.trim() ?? ''
    if (!name || name.length > LONGEST_NAME) {
      ctx.status = 422
      ctx.state.invalid = `Enter a name of 1 to ${LONGEST_NAME} characters.`
      return
    }
    // A new id with the login: whoever planted the old one in this browser gains nothing.
    await ctx.regenerateSession()
    ctx.session.name = name
    ctx.session.count = 0
    ctx.session.since = new Date().toISOString()
    return `Hello, ${name}. Logging in gave you a new session id.`
  },

  async '/count'(ctx) {
    if (!ctx.session.name) return ENDED
    // Two clicks at the same time count twice: read, add and write are one step.
    const count = await ctx.updateSession((session) => {
      session.count += 1
      return session.count
    })
    return `Counted to ${count}.`
  },

  async '/regenerate'(ctx) {
    if (!ctx.session.name) return ENDED
    await ctx.regenerateSession({ keep: ['name', 'count', 'since'] })
    return 'You have a new session id. Your name and the counter moved along, the old id has ended.'
  },

  '/logout'(ctx) {
    ctx.session = null
    return 'You are logged out: the session is gone from the store, the cookie from your browser.'
  },
}

async function actions(ctx) {
  const action = Object.hasOwn(ACTIONS, ctx.path) ? ACTIONS[ctx.path] : undefined
  if (action && ctx.method !== 'POST') return ctx.redirect('/')
  if (!action && ctx.path !== '/') ctx.throw(404)
  ctx.status = 200
  ctx.state.note = await action?.(ctx)
}

/** Stands above the session middleware: coming back here, the session is stored and the cookie set. */
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
    // No id: the store has no session. It may have ended in another tab, in the middle of an action.
    const { sessionId: id } = ctx
    ctx.body = renderPage({
      id,
      session: id ? ctx.session : undefined,
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

/** SameSite=Lax keeps other sites from using a session; this also keeps them from logging people in. */
function sameOrigin(ctx, next) {
  const from = ctx.get('Sec-Fetch-Site')
  if (ctx.method === 'POST' && from && from !== 'same-origin') ctx.throw(403)
  return next()
}

const LOOPBACK = ['localhost', '127.0.0.1', '[::1]']

/** Browsers take secure cookies from this machine itself; behind a proxy that ends TLS, app.proxy does this. */
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
