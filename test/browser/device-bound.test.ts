import { mkdtempSync, rmSync } from 'node:fs'
import { get } from 'node:https'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { chromium, type Page } from 'playwright-core'
import {
  afterAll,
  afterEach,
  beforeAll,
  describe,
  expect,
  inject,
  it,
  onTestFinished,
} from 'vitest'
import type { DeviceBoundOptions } from '../../src/device-bound.js'
import { MemoryStore, type SessionStore } from '../../src/index.js'
import { RedisStore } from '../../src/redis.js'
import { FaultyStore } from '../../src/testing.js'
import { Gate } from '../support/gate.js'
import type { Routes } from '../support/site.js'
import { DEVICE_FLAGS, DeviceSite } from './device-site.js'
import { FLAGS } from './flags.js'

// A real Chromium, with its keys in software. Its clock is the real one: tests wait for what they can see.
const BOUND = '__Host-sid.device'
const SHORT = 8000
const LONGER_THAN_TESTS = 600_000
const POLL = { timeout: 40_000, interval: 100 }

let redis: Redis
let folder: string
/** One tab for all tests: each test has a host of its own, so that they share no cookie and no key. */
let page: Page
const sites: DeviceSite[] = []
let count = 0

async function launch(): Promise<void> {
  const context = await chromium.launchPersistentContext(folder, {
    executablePath: inject('chromiumPath'),
    args: [...FLAGS, ...DEVICE_FLAGS],
  })
  page = context.pages()[0] ?? (await context.newPage())
}

beforeAll(async () => {
  redis = new Redis(inject('redisUrl'))
  folder = mkdtempSync(join(tmpdir(), 'koa-sess-chromium-'))
  await launch()
})
afterEach(async () => {
  for (const site of sites.splice(0)) await site.close()
})
afterAll(async () => {
  await page?.context().close()
  rmSync(folder, { recursive: true, force: true, maxRetries: 5 })
  await redis?.quit()
})

const STORES: { name: string; open(): SessionStore }[] = [
  { name: 'memory', open: () => new MemoryStore() },
  { name: 'Redis', open: () => new RedisStore({ client: redis }) },
]

const ROUTES: Routes = {
  '/login': async (ctx) => {
    await ctx.regenerateSession()
    ctx.session.user = 'ada'
    await ctx.bindDevice()
    if (ctx.query.to) ctx.redirect(String(ctx.query.to))
    // Chromium takes the first algorithm that is offered.
    if (ctx.query.only) ctx.state.only = ctx.query.only
  },
  '/page': (ctx) => `${ctx.session.user}, ${ctx.boundDevice?.isProved}`,
  '/move': (ctx) => void ctx.regenerateSession({ keep: ['user'] }),
  '/logout': (ctx) => {
    ctx.session = null
  },
  '/prove': (ctx) => {
    // The browser proves the device before it follows.
    ctx.set('Set-Cookie', `${BOUND}=; Path=/; Secure; HttpOnly; SameSite=Lax; Max-Age=0`)
    ctx.redirect('/page')
    ctx.status = 307
  },
}

interface Start {
  store?: SessionStore
  device?: DeviceBoundOptions
  routes?: Routes
}

async function start({ store = new MemoryStore(), device = {}, routes = {} }: Start = {}) {
  const faulty = new FaultyStore(store)
  const site = await DeviceSite.start(
    `site${count++}`,
    { ...ROUTES, ...routes },
    {
      store: faulty,
      prefix: `test:device:${process.pid}:${count}:`,
      reconnectTimeout: 0,
      cookie: { maxAge: LONGER_THAN_TESTS },
    },
    { maxAge: LONGER_THAN_TESTS, grace: 0, ...device },
  )
  sites.push(site)
  return { site, store: faulty }
}

/** Logs in, and waits until the browser has registered its key. */
async function logIn(site: DeviceSite, tab = page): Promise<void> {
  await tab.goto(`${site.origin}/login`)
  await registered(site, tab)
}

async function registered(site: DeviceSite, tab = page): Promise<void> {
  await expect.poll(() => hasBoundCookie(site, tab), POLL).toBe(true)
  expect(site.events).toContain('bound')
  site.take()
}

interface Site {
  origin: string
}

async function hasBoundCookie({ origin }: Site, tab = page): Promise<boolean> {
  const cookies = await tab.context().cookies(origin)
  return cookies.some(({ name }) => name === BOUND)
}

/** Takes the bound cookie away, as its end does. */
function expire({ origin }: Site): Promise<void> {
  return page.context().clearCookies({ name: BOUND, domain: new URL(origin).hostname })
}

async function titleOf(site: DeviceSite, path = '/page', tab = page): Promise<string> {
  await tab.goto(site.origin + path)
  return tab.title()
}

/** A tab of a browser that has no cookie and no key. It is closed after the test. */
async function newProfile(): Promise<Page> {
  const context = await page.context().browser()?.newContext()
  if (!context) throw new Error('This Chromium has no second profile.')
  onTestFinished(() => context.close())
  return context.newPage()
}

/** The status that another machine gets with copied cookies. */
function steal(site: DeviceSite, cookie: string): Promise<number | undefined> {
  const { host, port } = new URL(site.origin)
  // The host of a test has an address in Chromium alone.
  const where = { host: '127.0.0.1', port, path: '/page', rejectUnauthorized: false }
  return new Promise((resolve, reject) => {
    get({ ...where, headers: { host, cookie } }, (answer) => {
      answer.resume()
      resolve(answer.statusCode)
    }).on('error', reject)
  })
}

async function cookiesOf({ origin }: Site, wanted = /./): Promise<string> {
  const cookies = await page.context().cookies(origin)
  const pairs = cookies.filter(({ name }) => wanted.test(name))
  return pairs.map(({ name, value }) => `${name}=${value}`).join('; ')
}

const summary = (site: DeviceSite) =>
  site.take().map(({ path, status, proof }) => `${path} ${status}${proof ? ' with a proof' : ''}`)

const REFRESH = '/.koa-sess/device/refresh'

describe.each(STORES)('Chromium, with sessions in $name', ({ open: openStore }) => {
  it('proves its device before a request without the bound cookie, by one request more', async () => {
    const { site, store } = await start({ store: openStore() })
    await logIn(site)
    expect(await titleOf(site)).toBe('ada, true')
    expect(summary(site)).toEqual(['/page 200'])
    await expire(site)
    store.calls.length = 0
    expect(await titleOf(site)).toBe('ada, true')
    expect(summary(site)).toEqual([`${REFRESH} 200 with a proof`, '/page 200'])
    expect(store.calls.map(({ method }) => method)).toEqual(['load', 'load'])
    expect(site.events).toEqual(['bound'])
  })

  it('keeps the binding and six changes, when six requests write while it registers', async () => {
    const gates = Array.from({ length: 6 }, () => new Gate())
    const routes: Routes = {
      '/write': async (ctx) => {
        ctx.session[`key${ctx.query.at}`] = 1
        await gates[Number(ctx.query.at)]?.pass()
      },
      '/held': (ctx) => Object.keys(ctx.session).sort().join(),
    }
    const { site } = await start({ store: openStore(), routes, device: { grace: 60_000 } })
    await page.goto(`${site.origin}/login`)
    const writes = page.evaluate(
      'Promise.all([0, 1, 2, 3, 4, 5].map((at) => fetch("/write?at=" + at).then((a) => a.status)))',
    )
    await Promise.all(gates.slice(0, 3).map(({ arrived }) => arrived))
    for (const gate of gates.slice(0, 3)) gate.open()
    await registered(site)
    for (const gate of gates.slice(3)) gate.open()
    expect(await writes).toEqual([200, 200, 200, 200, 200, 200])
    expect(await titleOf(site, '/held')).toBe('deviceBinding,key0,key1,key2,key3,key4,key5,user')
    await expire(site)
    expect(await titleOf(site)).toBe('ada, true')
  })

  it('serves no thief: not after maxAge, and with the session cookie alone never', async () => {
    const { site } = await start({ store: openStore(), device: { maxAge: SHORT } })
    await logIn(site)
    const all = await cookiesOf(site)
    expect(all).toContain(BOUND)
    expect(await steal(site, all)).toBe(200)
    expect(await steal(site, await cookiesOf(site, /sid(\.sig)?$/))).toBe(401)
    await expect.poll(() => steal(site, all), POLL).toBe(401)
    await expect.poll(() => hasBoundCookie(site), POLL).toBe(false)
    expect(await titleOf(site)).toBe('ada, true')
  })

  it('keeps its key while the store is down, and proves it once the store is back', async () => {
    const { site, store } = await start({ store: openStore() })
    await logIn(site)
    await expire(site)
    store.down()
    const answer = await page.goto(`${site.origin}/page`)
    expect(answer?.status()).toBe(503)
    store.up()
    // A browser may wait for a while before it tries again.
    await expect.poll(() => titleOf(site), POLL).toBe('ada, true')
  })

  it('forgets the binding after a logout', async () => {
    const { site } = await start({ store: openStore() })
    await logIn(site)
    await page.goto(`${site.origin}/logout`)
    expect(await titleOf(site)).toBe('undefined, undefined')
    site.take()
    expect(await titleOf(site)).toBe('undefined, undefined')
    expect(summary(site)).toEqual(['/page 200'])
  })
})

describe('Chromium', () => {
  it.each<[string, (origin: string) => Promise<unknown>]>([
    ['an answer to fetch', () => page.evaluate('fetch("/login", { method: "POST" })')],
    ['a redirect', (origin) => page.goto(`${origin}/login?to=/page`)],
    ['an offer of RS256 alone', () => page.evaluate('fetch("/login?only=RS256")')],
  ])('registers by %s', async (_, logInBy) => {
    // The redirect leads to a request that may meet the new binding without its cookie.
    const { site } = await start({ device: { grace: LONGER_THAN_TESTS } })
    await page.goto(`${site.origin}/page`)
    await logInBy(site.origin)
    await registered(site)
    await expire(site)
    expect(await titleOf(site)).toBe('ada, true')
  })

  it('registers one key where two answers offer it at the same time', async () => {
    const gate = new Gate()
    const other = new Gate()
    const routes: Routes = {
      '/enter': (ctx) => {
        ctx.session.user = 'ada'
      },
      '/offer': async (ctx) => {
        await ctx.bindDevice()
        await (ctx.query.at === '1' ? gate : other).pass()
      },
    }
    const { site } = await start({ routes, device: { grace: LONGER_THAN_TESTS } })
    await page.goto(`${site.origin}/enter`)
    await page.evaluate('void fetch("/offer?at=1"); void fetch("/offer?at=2")')
    await Promise.all([gate.arrived, other.arrived])
    gate.open()
    other.open()
    await expect.poll(() => site.events, POLL).toEqual(['bound', 'registered'])
    await registered(site)
    await expire(site)
    expect(await titleOf(site)).toBe('ada, true')
  })

  it('proves its device once for ten requests at the same time', async () => {
    const { site } = await start()
    await logIn(site)
    await expire(site)
    const statuses = await page.evaluate(
      'Promise.all(Array.from({ length: 10 }, (_, at) => fetch("/page?" + at).then((a) => a.status)))',
    )
    expect(statuses).toEqual(Array(10).fill(200))
    const seen = summary(site)
    expect(seen).toEqual([`${REFRESH} 200 with a proof`, ...Array(10).fill('/page 200')])
  })

  it('proves its device before it opens a WebSocket', async () => {
    const { site } = await start()
    await logIn(site)
    await page.goto(`${site.origin}/page`)
    await expire(site)
    site.take()
    await page.evaluate(
      'new Promise((resolve) => { new WebSocket(location.origin.replace("https", "wss") + "/socket").onclose = resolve })',
    )
    const [refresh, socket] = site.take()
    expect(refresh).toMatchObject({ path: REFRESH, status: 200 })
    expect(socket).toMatchObject({ path: '/socket', bound: true })
  })

  it('proves its device for a link on another site, and the session survives it', async () => {
    const { site } = await start()
    await logIn(site)
    await expire(site)
    const link = `<a href="${site.origin}/page">in</a>`
    await page.goto(`data:text/html,${encodeURIComponent(link)}`)
    await page.click('a')
    await expect.poll(() => page.title(), POLL).toBe('ada, true')
    expect(summary(site)).toEqual(['/page 401', `${REFRESH} 200 with a proof`, '/page 200'])
  })

  it('cannot register after a link on another site, and does on the next page that offers it', async () => {
    const routes: Routes = { '/offer': (ctx) => ctx.bindDevice() }
    const { site } = await start({ routes })
    const link = `<a href="${site.origin}/login">in</a>`
    await page.goto(`data:text/html,${encodeURIComponent(link)}`)
    await page.click('a')
    const registration = { path: '/.koa-sess/device/registration', status: 401 }
    await expect.poll(() => site.seen, POLL).toContainEqual(expect.objectContaining(registration))
    await page.goto(`${site.origin}/offer`)
    await registered(site)
    await expire(site)
    expect(await titleOf(site)).toBe('ada, true')
  })

  it('keeps the binding when the session gets a new id', async () => {
    const { site } = await start()
    await logIn(site)
    await page.goto(`${site.origin}/move`)
    expect(await titleOf(site)).toBe('ada, true')
    await expire(site)
    expect(await titleOf(site)).toBe('ada, true')
    expect(site.events).toEqual(['bound'])
  })

  it('binds a second login anew', async () => {
    const { site } = await start()
    await logIn(site)
    await page.goto(`${site.origin}/login`)
    await expect.poll(() => site.events, POLL).toEqual(['bound', 'bound'])
    await expect.poll(() => titleOf(site), POLL).toBe('ada, true')
    await expire(site)
    expect(await titleOf(site)).toBe('ada, true')
  })

  it('stays below its quota of signatures, as a challenge stays the same for a while', async () => {
    const { site } = await start()
    await logIn(site)
    for (let round = 0; round < 9; round++) {
      await expire(site)
      const text = await page.evaluate('fetch("/page").then((answer) => answer.text())')
      expect(text).toContain('<title>ada, true</title>')
    }
    expect(site.take().map(({ skipped }) => skipped)).toEqual(Array(18).fill(''))
  })

  it('proves its device on demand: a 307 that ends the bound cookie', async () => {
    const { site } = await start()
    await logIn(site)
    expect(await titleOf(site, '/prove')).toBe('ada, true')
    expect(summary(site)).toEqual(['/prove 307', `${REFRESH} 200 with a proof`, '/page 200'])
  })

  it('that has lost its key gets to a login', async () => {
    const { site } = await start()
    await logIn(site)
    const cookies = await page.context().cookies(site.origin)
    const other = await newProfile()
    await other.context().addCookies(cookies.filter(({ name }) => name !== BOUND))
    const first = await other.goto(`${site.origin}/page`)
    expect(first?.status()).toBe(401)
    expect(await titleOf(site, '/page', other)).toBe('undefined, undefined')
    await logIn(site, other)
    expect(await titleOf(site, '/page', other)).toBe('ada, true')
    // The device that has the key was not logged out by it.
    expect(await titleOf(site)).toBe('ada, true')
  })

  it('keeps its key over a restart', async () => {
    const { site } = await start()
    await logIn(site)
    await page.context().close()
    await launch()
    await expire(site)
    expect(await titleOf(site)).toBe('ada, true')
    expect(site.events).toEqual(['bound'])
  })
})

describe('the lab', () => {
  const example = { origin: inject('labs').Redis }

  it('says that its session is bound to this device', async () => {
    const button = (text: string) => page.locator('button', { hasText: text })
    await page.goto(`${example.origin}/account`)
    await page.locator('#name').fill('Ada')
    await button('Log in').click()
    await page.getByText('Not bound to a device').waitFor()
    await expect.poll(() => hasBoundCookie(example), POLL).toBe(true)
    await page.reload()
    await page.getByText('Bound to this device since').waitFor()
    await button('New session id').click()
    await page.getByText('Bound to this device since').waitFor()
    await button('Log out').click()
    await button('Log in').waitFor()
    expect(await page.context().cookies(example.origin)).toEqual([])
  })
})
