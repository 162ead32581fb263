import type { Middleware } from 'koa'
import genericSession from 'koa-generic-session'
import koaSession, { type CreateSessionOptions } from 'koa-session'
import { afterEach, expect, test } from 'vitest'
import session, { MemoryStore } from '../../src/index.js'
import type { Routes } from '../support/site.js'
import { type Deployment, deploy, type Side } from './deploy.js'

// What a visitor leaves in the store who only looks, or for whom no handler touches the session.

let deployment: Deployment | undefined
afterEach(() => deployment?.close())

const routes: Routes = {
  '/nothing': () => 'the handler does not touch ctx.session',
}

/** In the place of a session for each visitor, as docs/migration.md says. */
const touch: Middleware = (ctx, next) => {
  void ctx.session
  return next()
}

const PEERS: Record<string, (options: object) => Side> = {
  'koa-generic-session': (options) => ({ session: () => genericSession(options), routes }),
  'koa-session': (options) => ({
    session: (app) => koaSession(options as CreateSessionOptions, app),
    routes,
  }),
  'koa-sess': (options) => ({ session: () => session(options), routes }),
  'koa-sess with the middleware of the guide': (options) => ({
    session: () => session(options),
    after: [touch],
    routes,
  }),
}

/** How many sessions are stored after one visit, and whether a cookie was sent. */
async function visit(peer: string, options: object, path: string) {
  const store = new MemoryStore()
  deployment = await deploy({ side: PEERS[peer]?.({ store, ...options }) ?? expect.fail(peer) })
  const { cookies } = await deployment.visitor().at('side', path)
  expect(deployment.errors).toEqual([])
  await deployment.close()
  return { stored: store.size, cookie: cookies.length > 0 }
}

const NONE = { stored: 0, cookie: false }
const ONE = { stored: 1, cookie: true }

test.each(Object.keys(PEERS))('%s stores no empty session without allowEmpty', async (peer) => {
  for (const options of [{}, { rolling: true }])
    for (const path of ['/nothing', '/read']) expect(await visit(peer, options, path)).toEqual(NONE)
})

test.each([
  ['koa-generic-session', ONE],
  ['koa-sess', NONE],
  ['koa-sess with the middleware of the guide', ONE],
])('%s, with allowEmpty and a handler that does not touch the session', async (peer, expected) => {
  expect(await visit(peer, { allowEmpty: true }, '/nothing')).toEqual(expected)
})

test.each([
  ['koa-generic-session', ONE],
  ['koa-sess', ONE],
])('%s, with allowEmpty and a handler that reads the session', async (peer, expected) => {
  expect(await visit(peer, { allowEmpty: true }, '/read')).toEqual(expected)
})
