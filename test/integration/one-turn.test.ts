import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import Koa, { type Context } from 'koa'
import { expect, test } from 'vitest'
import session, { MemoryStore, type SessionStore } from '../../src/index.js'

/** A store whose answers take microtasks alone, so that requests follow each other in one turn. */
class MicrotaskStore implements SessionStore {
  readonly #memory = new MemoryStore()
  load = async (...args: Parameters<MemoryStore['load']>) => this.#memory.load(...args)
  create = async (...args: Parameters<MemoryStore['create']>) => this.#memory.create(...args)
  replace = async (...args: Parameters<MemoryStore['replace']>) => this.#memory.replace(...args)
  touch = async (...args: Parameters<MemoryStore['touch']>) => this.#memory.touch(...args)
  destroy = async (...args: Parameters<MemoryStore['destroy']>) => this.#memory.destroy(...args)
}

function serve(act: (ctx: Context) => unknown) {
  const app = new Koa()
  app.keys = ['a long enough secret of these tests']
  app.use(session({ store: new MicrotaskStore() }))
  app.use((ctx) => {
    ctx.body = { seen: act(ctx) }
  })
  const callback = app.callback()
  /** Resolves when the handlers and the commit are done. @returns the cookie and the body. */
  return async (url: string, cookie = ''): Promise<{ cookie: string; body: unknown }> => {
    const request = Object.assign(new IncomingMessage(new Socket()), { url, method: 'GET' })
    request.headers = { cookie, host: 'localhost' }
    const response = new ServerResponse(request)
    let body: unknown
    response.end = (text: unknown) => {
      body = JSON.parse(String(text)).seen
      return response
    }
    await callback(request, response)
    const lines = [response.getHeader('set-cookie') ?? []].flat().map(String)
    return { cookie: lines.map((line) => line.split(';')[0]).join('; ') || cookie, body }
  }
}

test('a request sees what was answered before it began, in the same turn of the event loop', async () => {
  const send = serve((ctx) => {
    if (ctx.path === '/add') ctx.session.count = (ctx.session.count ?? 0) + 1
    if (ctx.path === '/leave') ctx.session = null
    return ctx.session?.count
  })
  let isNextTurn = false
  setImmediate(() => {
    isNextTurn = true
  })
  const { cookie } = await send('/add')
  for (const count of [2, 3, 4]) expect((await send('/add', cookie)).body).toBe(count)
  expect((await send('/read', cookie)).body).toBe(4)
  await send('/leave', cookie)
  expect((await send('/read', cookie)).body).toBeUndefined()
  expect(isNextTurn).toBe(false)
})
