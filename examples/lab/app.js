import Koa from 'koa'
import { MemoryStore } from 'koa-sess'
import { FaultyStore } from 'koa-sess/testing'
import { SCENES } from '../../bench/races/scenes.mjs'
import { account, createSessions, ENDED, LONGEST_NAME } from './account.js'
import { renderAccount } from './views/account.js'
import { renderError } from './views/error.js'
import { renderRaces } from './views/races.js'
import { files, readForm, sameOrigin, secureHeaders, trustLocalhost } from './web.js'

const [FIRST] = Object.keys(SCENES)

/** Creates the app: the races, and a login. Without `store`, the sessions of the login are in memory. */
export function createApp({ lab, keys, sealKeys, store = new MemoryStore(), storeName }) {
  const app = new Koa()
  app.keys = keys
  app.on('error', (error) => {
    // A browser that leaves the page closes its live line.
    if (error.code !== 'ERR_STREAM_PREMATURE_CLOSE') app.onerror(error)
  })
  const stoppable = new FaultyStore(store)
  const sessions = createSessions({ store: stoppable, sealKeys })

  app.use(secureHeaders)
  app.use(files)
  app.use(errors)
  app.use(sameOrigin)
  app.use(races(lab, storeName))
  app.use(storeButton(stoppable))
  app.use(accountPage(storeName))
  if (sealKeys) app.use(trustLocalhost)
  app.use(sessions)
  account(app)
  return { app, close: () => sessions.close() }
}

async function errors(ctx, next) {
  try {
    await next()
  } catch (error) {
    if (!error.expose && !ctx.state.isStopped) ctx.app.emit('error', error, ctx)
    ctx.status = error.status ?? 500
    ctx.body = renderError(ctx.status, {
      isStopped: ctx.state.isStopped,
      setCookie: setCookieOf(ctx),
    })
  }
}

/** The scenes: what was measured last, and a button that measures anew. No session is used here. */
function races(lab, storeName) {
  return async (ctx, next) => {
    if (ctx.path === '/play' && ctx.method === 'POST') {
      const scene = (await readForm(ctx)).get('scene') ?? FIRST
      await lab.play()
      ctx.status = 303
      return ctx.redirect(`/races/${encodeURIComponent(scene)}`)
    }
    const id = ctx.path === '/' ? FIRST : /^\/races\/([a-z]+)$/.exec(ctx.path)?.[1]
    if (id === undefined) return next()
    if (!Object.hasOwn(SCENES, id)) ctx.throw(404)
    ctx.body = renderRaces({ id, lab, storeName })
  }
}

/** Stops the store of the login, and starts it again. It works without a session, and without a store. */
function storeButton(store) {
  let isStopped = false
  return (ctx, next) => {
    // It notes each call, for tests.
    store.calls.length = 0
    ctx.state.isStopped = isStopped
    if (!['/store/stop', '/store/start'].includes(ctx.path) || ctx.method !== 'POST') return next()
    isStopped = ctx.path === '/store/stop'
    if (isStopped) store.down()
    else store.up()
    ctx.status = 303
    ctx.redirect(isStopped ? '/account' : '/account?store=started')
  }
}

/** Runs before the session middleware, so after `next` the session is stored and the cookie set. */
function accountPage(storeName) {
  return async (ctx, next) => {
    await next()
    if (!ctx.state.isAccount) return
    const { note, invalid } = ctx.state
    // Without an id the store has no session. Another tab may have ended it during the action.
    const { sessionId: id } = ctx
    const session = id && ctx.session?.name ? ctx.session : undefined
    ctx.body = renderAccount({
      id,
      session,
      devices: session ? await ctx.sessions.list() : [],
      boundDevice: ctx.boundDevice,
      storeName,
      note: note && !id && ctx.session ? ENDED : note,
      invalid,
      longestName: LONGEST_NAME,
      method: ctx.method,
      path: ctx.path,
      status: ctx.status,
      setCookie: setCookieOf(ctx),
    })
  }
}

function setCookieOf(ctx) {
  return [ctx.response.get('Set-Cookie')].flat().filter(Boolean)
}
