import { once } from 'node:events'
import { request } from 'node:http'
import { setImmediate as turn } from 'node:timers/promises'
import { afterAll, afterEach, beforeAll, describe, expect, test } from 'vitest'
import { type Opened, SOME } from '../support/backends.js'
import { Gate } from '../support/gate.js'
import { type Routes, type Site, serve } from '../support/site.js'

describe.each(SOME)('$name', ({ open }) => {
  let opened: Opened
  let site: Site
  beforeAll(async () => {
    opened = await open()
  })
  afterEach(() => site.close())
  afterAll(() => opened.close())

  let gate: Gate
  let committed: Promise<void>
  async function start(routes: Routes) {
    let done = () => {}
    committed = new Promise((resolve) => {
      done = resolve
    })
    gate = new Gate()
    site = await serve(
      {
        '/read': (ctx) => ({ ...ctx.session }),
        '/set': (ctx) => {
          ctx.session.x = (ctx.session.x ?? 0) + 1
        },
        ...routes,
        '/held': async (ctx) => {
          await routes['/held']?.(ctx)
          await gate.pass()
          ctx.session.late = true
        },
      },
      {
        store: opened.store,
        prefix: opened.prefix,
        before: [
          async (ctx, next) => {
            await next()
            if (ctx.path === '/held') done()
            // The answer follows the commit, as it does behind a proxy or a queue.
            if (ctx.path === '/own') ctx.res.end('own')
          },
        ],
      },
    )
    return site.browser()
  }

  test('saved before streaming, the cookie comes in time; what comes later is written too', async () => {
    const user = await start({
      '/stream': async (ctx) => {
        ctx.session.early = true
        await ctx.saveSession()
        ctx.respond = false
        ctx.res.write('one ')
        ctx.session.late = true
        setImmediate(() => ctx.res.end('two'))
      },
    })
    const reply = await user.get('/stream')
    expect([reply.text, reply.cookies.length]).toEqual(['one two', 2])
    await expect
      .poll(async () => (await user.get('/read')).json())
      .toEqual({ early: true, late: true })
    expect(site.events).toEqual(['unsent'])
    expect(site.errors).toEqual([])
  })

  test('headers gone: a stored session is written, a new one is not, and no header is touched', async () => {
    const user = await start({
      '/flushed': (ctx) => {
        ctx.respond = false
        ctx.res.flushHeaders()
        ctx.session.late = true
        setImmediate(() => ctx.res.end())
      },
    })
    await user.get('/set')
    expect((await user.get('/flushed')).cookies).toEqual([])
    await expect.poll(async () => (await user.get('/read')).json()).toEqual({ x: 1, late: true })
    const before = (await opened.records()).size
    const stranger = site.browser()
    expect((await stranger.get('/flushed')).cookies).toEqual([])
    await expect.poll(() => site.events.length).toBe(2)
    expect((await opened.records()).size).toBe(before)
    expect(site.errors).toEqual([])
  })

  test('headers gone and a logout: the record goes', async () => {
    const user = await start({
      '/end': (ctx) => {
        ctx.respond = false
        ctx.res.flushHeaders()
        ctx.session = null
        setImmediate(() => ctx.res.end())
      },
    })
    await user.get('/set')
    await user.get('/end')
    await expect.poll(async () => (await user.get('/read')).json()).toEqual({})
    expect(site.errors).toEqual([])
  })

  test('ctx.respond = false with headers still to come: the cookie is among them', async () => {
    const user = await start({
      '/own': (ctx) => {
        ctx.respond = false
        ctx.session.x = 1
      },
    })
    const reply = await user.get('/own')
    expect([reply.text, reply.cookies.length]).toEqual(['own', 2])
  })

  test('a client that goes away in the middle loses nothing, and raises nothing', async () => {
    const user = await start({
      '/held': async (ctx) => {
        ctx.session.early = true
        await ctx.saveSession()
      },
    })
    await user.get('/set')
    const arrived = once(site.server, 'request')
    const outgoing = request(`${site.origin}/held`, { headers: { cookie: user.cookie } })
    outgoing.on('error', () => undefined)
    outgoing.end()
    const [incoming] = await arrived
    outgoing.destroy()
    await once(incoming.socket, 'close')
    gate.open()
    await committed
    await turn()
    expect((await user.get('/read')).json()).toEqual({ x: 1, early: true, late: true })
    expect(site.errors).toEqual([])
  })
})

test('a context without a response, as a WebSocket has it: the store is written', async () => {
  const opened = await (SOME[0] ?? expect.fail()).open()
  const site = await serve({}, { store: opened.store, prefix: opened.prefix })
  const handle = site.session
  const context = site.app.createContext(
    Object.assign(Object.create(null), { headers: {}, url: '/', socket: {} }),
    undefined as never,
  )
  await handle(context as never, async () => {
    context.session.x = 1
  })
  expect([...(await opened.records()).values()]).toMatchObject([{ x: 1 }])
  expect(site.events).toEqual(['unsent'])
  await site.close()
  await opened.close()
})
