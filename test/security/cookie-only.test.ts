import Keygrip from 'keygrip'
import Koa from 'koa'
import koaSession from 'koa-session'
import { afterEach, describe, expect, test } from 'vitest'
import { type CookieSessionOptions, cookieSession } from '../../src/koa/cookie-session.js'
import { makeSeal } from '../../src/record/seal.js'
import { Browser } from '../support/browser.js'
import { type Listening, listen } from '../support/listen.js'

const KEY = 'a secret of thirty-two bytes or more'
const NEWER = 'a newer one of thirty-two bytes or more'
const APP_KEYS = ['what koa-session signed with']
const HOUR = 3_600_000
const START = 1_800_000_000_000

let time = START
const now = () => time
const open: (Listening & { browser: Browser })[] = []
afterEach(async () => {
  time = START
  for (const { browser, close } of open.splice(0)) {
    browser.close()
    await close()
  }
})

async function start(
  options: Partial<CookieSessionOptions> & { defer?: false } = {},
  use = (app: Koa) => void app.use(cookieSession({ keys: [KEY], now, ttl: HOUR, ...options })),
) {
  const app = new Koa()
  app.keys = APP_KEYS
  const errors: Error[] = []
  app.on('error', (error) => errors.push(error))
  use(app)
  app.use(async (ctx) => {
    const { session } = ctx
    if (ctx.path === '/set') session.x = (session.x ?? 0) + 1
    if (ctx.path === '/big') session.big = 'x'.repeat(Number(ctx.query.n))
    if (ctx.path === '/login') ctx.regenerateSession({ keep: ['x'] })
    if (ctx.path === '/logout') ctx.session = null
    if (ctx.path === '/own') session.cookie.maxAge = 2 * HOUR
    if (ctx.path === '/update') {
      await ctx.updateSession((draft) => {
        draft.x = (draft.x ?? 0) + 1
      })
    }
    if (ctx.path === '/store') {
      ctx.body = String(await ctx.sessionStore.get('0123456789abcdef0123'))
      await ctx.sessionStore.set('0123456789abcdef0123', { x: 1 })
    }
    ctx.body ??= JSON.stringify({ ...ctx.session, id: ctx.sessionId })
  })
  const listening = await listen(app.callback())
  const browser = new Browser(listening.origin, options.now ?? now)
  open.push({ ...listening, browser })
  const data = async (headers: Record<string, string> = {}) => {
    const { id: _, ...rest } = (await browser.get('/read', headers)).json<Record<string, unknown>>()
    return rest
  }
  return { browser, data, errors }
}

const text = (browser: Browser, name = 'koa.sess') => browser.jar.get(name) ?? ''

describe('R4: koa-sess/cookie', () => {
  test('the session travels sealed, in one cookie without a signature, and keeps its id', async () => {
    const { browser, data } = await start()
    expect((await browser.get('/read')).cookies).toEqual([])
    const { cookies } = await browser.get('/set')
    expect(cookies).toHaveLength(1)
    expect(cookies[0]).toMatch(/^koa\.sess=[\w-]{8}\.[\w-]+; path=\/; samesite=lax; httponly$/)
    expect(Buffer.from(text(browser).slice(9), 'base64url').toString()).not.toContain('"x"')
    const { id } = (await browser.get('/read')).json<{ id: string }>()
    expect(id).toMatch(/^[\w-]{32}$/)
    await browser.get('/set')
    expect((await browser.get('/read')).json()).toEqual({ x: 2, id })
    await browser.get('/update')
    expect(await data()).toEqual({ x: 3 })
  })

  test('it ends inside of the seal, whatever the browser keeps', async () => {
    const { browser, data } = await start()
    await browser.get('/set')
    const { cookie } = browser
    time += HOUR - 1
    expect(await data({ cookie })).toEqual({ x: 1 })
    time += 1
    expect(await data({ cookie })).toEqual({})
  })

  test.each([{ rolling: true }, { renew: 0.9 }])('%j extends it', async (options) => {
    const { browser, data } = await start(options)
    await browser.get('/set')
    const first = text(browser)
    time += HOUR / 2
    await data()
    expect(text(browser)).not.toBe(first)
    time += HOUR / 2
    expect(await data()).toEqual({ x: 1 })
  })

  test.each([
    ['the new key behind', [KEY], [KEY, NEWER]],
    ['the new key in front', [KEY, NEWER], [NEWER, KEY]],
    ['the old key dropped', [NEWER, KEY], [NEWER]],
  ])('a rolling deploy logs no user out: %s', async (_, before, after) => {
    const servers = [await start({ keys: before }), await start({ keys: after })]
    const [{ browser: first } = expect.fail()] = servers
    await first.get('/set')
    let cookies = [...first.jar]
    for (let turn = 0; turn < 6; turn++) {
      const { browser, data } = servers[turn % 2] ?? expect.fail()
      for (const [name, value] of cookies) browser.jar.set(name, value)
      expect(await data()).toEqual({ x: 1 })
      cookies = [...browser.jar]
    }
  })

  test('E2: the absolute timeout is sealed in as well', async () => {
    const { browser, data } = await start({ rolling: true, absoluteTimeout: 2 * HOUR })
    await browser.get('/set')
    for (let half = 0; half < 3; half++) {
      time += HOUR / 2
      await browser.get('/login')
      expect(await data()).toEqual({ x: 1 })
    }
    const { cookie } = browser
    time += HOUR / 2
    expect(await data({ cookie })).toEqual({})
  })

  test('a user’s own lifetime comes back with the session', async () => {
    const { browser } = await start()
    await browser.get('/set')
    await browser.get('/own')
    const [line] = (await browser.get('/set')).cookies
    expect(line).toContain(`expires=${new Date(time + 2 * HOUR).toUTCString()}`)
  })

  test('login gives a new id, logout clears the cookie; a copy stays good until the epoch changes', async () => {
    const { browser, data } = await start()
    await browser.get('/set')
    const before = (await browser.get('/read')).json<{ id: string }>().id
    await browser.get('/login')
    expect((await browser.get('/read')).json<{ id: string }>().id).not.toBe(before)
    const { cookie } = browser
    await browser.get('/logout')
    expect(browser.cookie).toBe('')
    // No server can know: docs/cookie-only.md says so.
    expect(await data({ cookie })).toEqual({ x: 1 })
    const next = await start({ epoch: 1 })
    expect(await next.data({ cookie })).toEqual({})
  })

  test('T2, T4: altered, cut short, or under another name: anonymous', async () => {
    const { browser, data, errors } = await start({ readKeys: ['other'] })
    await browser.get('/set')
    const sealed = text(browser)
    const flipped = sealed.slice(0, 20) + (sealed[20] === 'A' ? 'B' : 'A') + sealed.slice(21)
    const plain = Buffer.from('{"x":7}').toString('base64')
    const record = makeSeal([KEY], 'record').seal(
      `0 ${START * 2} 0123456789abcdef {"x":7}`,
      'koa.sess',
    )
    const hostile = ['', '.', 'x', flipped, sealed.slice(0, 30), sealed.slice(0, -1), plain, record]
    for (const value of hostile) expect(await data({ cookie: `koa.sess=${value}` })).toEqual({})
    expect(await data({ cookie: `other=${sealed}` })).toEqual({})
    expect(await data({ cookie: `koa.sess=forged; koa.sess=${sealed}` })).toEqual({ x: 1 })
    expect(errors).toEqual([])
  })

  test('rotation: an older key opens, and the newer one seals at once', async () => {
    const older = await start()
    await older.browser.get('/set')
    const { browser, data } = await start({ keys: [NEWER, KEY] })
    browser.jar.set('koa.sess', text(older.browser))
    expect(await data()).toEqual({ x: 1 })
    expect(text(browser).slice(0, 8)).not.toBe(text(older.browser).slice(0, 8))
    expect(await older.data({ cookie: browser.cookie })).toEqual({})
  })

  test('a cookie that was renamed is sealed for its new name', async () => {
    const older = await start({ key: 'old' })
    await older.browser.get('/set')
    const { browser, data } = await start({ key: 'new', readKeys: ['old'] })
    browser.jar.set('old', text(older.browser, 'old'))
    expect(await data()).toEqual({ x: 1 })
    browser.jar.delete('old')
    expect(await data()).toEqual({ x: 1 })
  })

  test('C4: what a browser would drop is an error, and the cookie stays', async () => {
    const { browser, data, errors } = await start()
    await browser.get('/set')
    expect(
      (await browser.get('/big?n=2900')).cookies[0]?.split(';')[0]?.length,
    ).toBeLessThanOrEqual(4097)
    const { cookie } = browser
    const reply = await browser.get('/big?n=3100')
    expect([reply.status, reply.cookies]).toEqual([500, []])
    expect(errors).toMatchObject([{ code: 'ERR_SESSION_SIZE' }])
    expect(browser.cookie).toBe(cookie)
    expect(await data()).toMatchObject({ x: 1 })
  })

  test('an id that the application sets as ctx.sessionId has no effect', async () => {
    const { browser } = await start({}, (app) => {
      app.use((ctx, next) => {
        ctx.sessionId = 'an-id-of-the-application'
        return next()
      })
      app.use(cookieSession({ keys: [KEY], now, ttl: HOUR }))
    })
    await browser.get('/set')
    const { id, x } = (await browser.get('/read')).json<{ id: string; x: number }>()
    expect([id.length, x]).toEqual([32, 1])
  })

  test('ctx.sessionStore has no sessions, and throws', async () => {
    const { browser, errors } = await start()
    expect((await browser.get('/store')).status).toBe(500)
    expect(errors).toMatchObject([{ code: 'ERR_SESSION_OPTION' }])
  })
})

describe('from koa-session', () => {
  async function theirs(options: object = {}) {
    const { browser } = await start({ now: Date.now }, (app) => {
      app.use(koaSession({ maxAge: HOUR, ...options } as never, app as never) as Koa.Middleware)
      app.use((ctx, next) => {
        Object.defineProperty(ctx, 'sessionId', { value: undefined })
        return next()
      })
    })
    await browser.get('/set')
    expect(browser.cookie).toContain('koa.sess.sig=')
    return browser
  }

  // Their clock is the machine's.
  const plainUntil = new Date(Date.now() + HOUR)
  const current = { now: Date.now, plainUntil }

  test('its cookie goes on, is sealed with the first answer, and loses its signature', async () => {
    const before = await theirs()
    const { browser, data } = await start(current)
    for (const [name, value] of before.jar) browser.jar.set(name, value)
    const { cookies } = await browser.get('/read')
    expect(cookies.map((line) => line.split('=')[0]).sort()).toEqual(['koa.sess', 'koa.sess.sig'])
    expect([...browser.jar.keys()]).toEqual(['koa.sess'])
    expect(await data()).toEqual({ x: 1 })
    await browser.get('/set')
    expect(await data()).toEqual({ x: 2 })
  })

  test('one that is too large once encrypted is read, and stays until it is changed', async () => {
    const payload = { x: 1, large: 'x'.repeat(2990), _expire: Date.now() + HOUR, _maxAge: HOUR }
    const value = Buffer.from(JSON.stringify(payload)).toString('base64')
    expect(value.length).toBeLessThan(4096)
    const signature = new Keygrip(APP_KEYS).sign(`koa.sess=${value}`)
    const cookie = `koa.sess=${value}; koa.sess.sig=${signature}`
    for (const options of [current, { ...current, rolling: true }]) {
      const { browser, data, errors } = await start(options)
      expect(await data({ cookie })).toMatchObject({ x: 1 })
      const read = await browser.get('/read', { cookie })
      expect(read).toMatchObject({ status: 200, cookies: [] })
      expect((await browser.get('/set', { cookie })).status).toBe(500)
      expect(errors).toMatchObject([{ code: 'ERR_SESSION_SIZE' }])
    }
  })

  test('a browser-session cookie as well', async () => {
    const before = await theirs({ maxAge: 'session' })
    const { data } = await start(current)
    expect(await data({ cookie: before.cookie })).toEqual({ x: 1 })
  })

  test('not after plainUntil, not unsigned, not expired, and not unless asked to', async () => {
    const { cookie } = await theirs()
    const unsigned = cookie.split('; ')[0] ?? ''
    const refused: [Partial<CookieSessionOptions>, string][] = [
      [{ now: Date.now }, cookie],
      [{ now: Date.now, plainUntil: new Date(Date.now() - 1) }, cookie],
      [current, unsigned],
      [current, `${unsigned}; koa.sess.sig=${'A'.repeat(27)}`],
      [{ now: () => Date.now() + 2 * HOUR, plainUntil: new Date(Date.now() + 9 * HOUR) }, cookie],
    ]
    for (const [options, header] of refused) {
      const { data } = await start({ ...options, defer: false })
      expect(await data({ cookie: header })).toEqual({})
    }
  })
})

test.each<object>([
  {},
  { keys: ['short'] },
  { keys: [KEY], store: {} },
  { keys: [KEY], hashIds: true },
  { keys: [KEY], errorHandler: () => {} },
  { keys: [KEY], epoch: 1.5 },
  { keys: [KEY], plainUntil: 'soon' },
  { keys: [KEY], nonsense: true },
  { keys: [KEY], cookie: 5 },
  { keys: [KEY], cookie: null },
  { keys: [KEY], eventSalt: '' },
])('unusable options are refused: %j', (options) => {
  expect(() => cookieSession(options as CookieSessionOptions & { defer?: false })).toThrow(
    expect.objectContaining({ code: 'ERR_SESSION_OPTION' }),
  )
})
