import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { type DeviceBoundOptions, deviceBound } from '../../src/device-bound.js'
import type { SessionOptions } from '../../src/index.js'
import { MemoryStore } from '../../src/index.js'
import { FaultyStore } from '../../src/testing.js'
import { ioredis, type Opened, STRONG } from '../support/backends.js'
import type { Browser } from '../support/browser.js'
import { Device, offered } from '../support/device.js'
import { Gate } from '../support/gate.js'
import { BASICS, type Route, type Routes, type Site, serve } from '../support/site.js'

const START = 1_800_000_000_000
const MAX_AGE = 600_000
const GRACE = 10_000
const BOUND = '__Host-koa.sid.device'

let time = START
const now = () => time
const sites: Site[] = []
const opened: Opened[] = []
beforeEach(() => {
  time = START
})
afterEach(async () => {
  for (const site of sites.splice(0)) await site.close()
  for (const each of opened.splice(0)) await each.close()
})

const ROUTES: Routes = {
  ...BASICS,
  '/login': async (ctx) => {
    await ctx.regenerateSession()
    const session = await ctx.session
    session.user = 'ada'
    await ctx.bindDevice()
  },
  '/offer': (ctx) => ctx.bindDevice(),
  '/device': (ctx) => ctx.boundDevice ?? null,
  '/user': async (ctx) => (await ctx.session).user ?? null,
  '/static': () => 'the same for all',
  '/move': (ctx) => void ctx.regenerateSession({ keep: ['user'] }),
  '/replace': (ctx) => {
    ctx.session = { user: 'grace' }
  },
  '/overwrite': (ctx) => {
    Object.assign(ctx.session, { deviceBinding: { id: 'the id of some other device' } })
  },
}

interface Start {
  session?: SessionOptions<SessionData>
  device?: DeviceBoundOptions
  routes?: Routes
}

async function start({ session = {}, device = {}, routes = {} }: Start = {}) {
  const site = await serve(
    { ...ROUTES, ...routes },
    { now, ...session, after: [deviceBound({ now, ...device })] },
  )
  sites.push(site)
  const refused: string[] = []
  const events: string[] = []
  site.app.on('session:device:bound', () => events.push('bound'))
  site.app.on('session:device:refused', ({ why }) => refused.push(why))
  const user = site.browser()
  return { site, user, device: new Device(user), refused, events }
}

async function bound(options: Start = {}) {
  const started = await start(options)
  expect((await started.device.register(await started.user.get('/login'))).status).toBe(200)
  return started
}

/** Another browser that has copied cookies. */
function thief(site: Site, user: Browser, names = [...user.jar.keys()]): Browser {
  const browser = site.browser()
  for (const name of names) browser.jar.set(name, user.jar.get(name) ?? '')
  return browser
}

const SESSION_COOKIES = ['koa.sid', 'koa.sid.sig']

describe.each([STRONG[0], ioredis].flatMap((each) => each ?? []))('with $name', (backend) => {
  async function open() {
    const each = await backend.open(now)
    opened.push(each)
    const store = new FaultyStore(each.store)
    return { ...each, store }
  }

  it.each(['ES256', 'RS256'] as const)('binds a session to a key, %s', async (alg) => {
    const { store, prefix, records } = await open()
    const { user, events } = await start({ session: { store, prefix } })
    const device = new Device(user, alg)
    const login = await user.get('/login')
    expect(login.headers['secure-session-registration']).toMatch(
      /^\(ES256 RS256\);path="\/\.koa-sess\/device\/registration";challenge="[\w.-]+"$/,
    )
    const reply = await device.register(login)
    expect(reply.status).toBe(200)
    expect(reply.headers['cache-control']).toBe('no-store')
    expect(reply.json()).toEqual({
      session_identifier: expect.stringMatching(/^[\w-]{32}$/),
      refresh_url: '/.koa-sess/device/refresh',
      scope: { include_site: false },
      credentials: [
        { type: 'cookie', name: BOUND, attributes: 'Path=/; Secure; HttpOnly; SameSite=Lax' },
      ],
    })
    expect(reply.cookies).toContainEqual(
      expect.stringMatching(
        /^__Host-koa\.sid\.device=\d+\.[\w-]{43}; Path=\/; Secure; HttpOnly; SameSite=Lax; Max-Age=590$/,
      ),
    )
    expect(events).toEqual(['bound'])
    const [record] = (await records()).values()
    expect(record).toMatchObject({ user: 'ada', deviceBinding: { key: device.jwk, since: START } })
  })

  it('reads once, and writes nothing, at a refresh and at an ordinary request', async () => {
    const { store, prefix } = await open()
    const { user, device } = await bound({ session: { store, prefix } })
    store.calls.length = 0
    time += MAX_AGE
    expect((await device.refresh()).status).toBe(200)
    expect((await user.get('/user')).json()).toBe('ada')
    expect(store.calls.map(({ method }) => method)).toEqual(['load', 'load'])
  })

  it('keeps the binding and every change when writers overlap with the registration', async () => {
    const { store, prefix, records } = await open()
    const gates = Array.from({ length: 6 }, () => new Gate())
    const routes = {
      '/write': async (ctx: Parameters<NonNullable<Routes[string]>>[0]) => {
        const at = Number(ctx.query.at)
        const session = await ctx.session
        session[`key${at}`] = at
        await gates[at]?.pass()
      },
    }
    const { user, device } = await start({ session: { store, prefix }, routes })
    const login = await user.get('/login')
    const writers = gates.map((_, at) => user.get(`/write?at=${at}`))
    await Promise.all(gates.map(({ arrived }) => arrived))
    for (const gate of gates.slice(0, 3)) gate.open()
    expect((await device.register(login)).status).toBe(200)
    for (const gate of gates.slice(3)) gate.open()
    for (const { status } of await Promise.all(writers)) expect(status).toBe(200)
    const [record] = (await records()).values()
    expect(record).toMatchObject({
      ...Object.fromEntries(gates.map((_, at) => [`key${at}`, at])),
      deviceBinding: { id: device.id },
    })
  })

  it('answers 503 while the store is down, and proves the device once it is back', async () => {
    const { store, prefix } = await open()
    const { user, device } = await bound({
      session: { store, prefix, reconnectTimeout: 0 },
    })
    store.down()
    expect((await device.refresh()).status).toBe(503)
    store.up()
    expect((await device.refresh()).status).toBe(200)
    expect((await user.get('/user')).json()).toBe('ada')
  })

  it('refuses a copy of all cookies after maxAge, and of the session cookie at once', async () => {
    const { store, prefix } = await open()
    const { site, user, refused } = await bound({ session: { store, prefix } })
    const all = thief(site, user)
    time += GRACE
    expect((await all.get('/user')).json()).toBe('ada')
    expect((await thief(site, user, SESSION_COOKIES).get('/user')).status).toBe(401)
    time = START + MAX_AGE
    expect((await all.get('/user')).status).toBe(401)
    expect(refused).toEqual(['unproved', 'outdated'])
  })

  it('answers 401 at the first refresh after a logout', async () => {
    const { store, prefix } = await open()
    const { user, device } = await bound({ session: { store, prefix } })
    await user.get('/logout')
    expect(user.jar.has(BOUND)).toBe(false)
    expect((await device.refresh()).status).toBe(401)
  })

  it('answers 401 at a refresh after another device ended the session', async () => {
    const { store, prefix, records, remove } = await open()
    const { device } = await bound({ session: { store, prefix } })
    for (const key of (await records()).keys()) await remove(key)
    expect((await device.refresh()).status).toBe(401)
  })
})

describe('ordinary requests', () => {
  it('of browsers without support are as they were', async () => {
    const { user } = await start()
    const first = await user.get('/static')
    expect(first.headers['cache-control']).toBe(undefined)
    await user.get('/login')
    time += MAX_AGE
    const reply = await user.get('/user')
    expect([reply.status, reply.json(), reply.cookies]).toEqual([200, 'ada', []])
    expect(reply.headers['secure-session-registration']).toBe(undefined)
    expect((await user.get('/device')).json()).toBe(null)
  })

  it('need no proof for a moment after the registration', async () => {
    const { site, user } = await bound({ device: { grace: 5000 } })
    const late = thief(site, user, SESSION_COOKIES)
    time += 4999
    expect((await late.get('/device')).json()).toEqual({ since: START, isProved: false })
    expect((await user.get('/device')).json()).toEqual({ since: START, isProved: true })
    time += 1
    expect((await late.get('/device')).status).toBe(401)
  })

  it('are served with any bound cookie that has not ended', async () => {
    const { site, user, device } = await bound()
    const before = thief(site, user)
    time += MAX_AGE - 1
    await device.refresh()
    expect(before.jar.get(BOUND)).not.toBe(user.jar.get(BOUND))
    expect((await before.get('/user')).json()).toBe('ada')
    expect((await user.get('/user')).json()).toBe('ada')
  })

  it('with a bound cookie of another session are refused', async () => {
    const { site, user, refused } = await bound()
    const other = site.browser()
    await new Device(other).register(await other.get('/login'))
    other.jar.set(BOUND, user.jar.get(BOUND) ?? '')
    time += GRACE
    expect((await other.get('/user')).status).toBe(401)
    expect(refused).toEqual(['forged'])
  })
})

describe('a refused request', () => {
  it('is an error with a code that Koa does not log', async () => {
    const { site, user } = await bound()
    time += GRACE
    const logged: unknown[] = []
    const { error } = console
    console.error = (...args) => logged.push(args)
    site.app.removeAllListeners('error')
    site.app.on('error', site.app.onerror)
    try {
      const reply = await thief(site, user, SESSION_COOKIES).get('/user')
      expect([reply.status, reply.text]).toEqual([
        401,
        expect.stringContaining('This session is bound to a device'),
      ])
    } finally {
      console.error = error
    }
    expect(logged).toEqual([])
  })

  it('writes nothing, runs no handler, and sends no new cookie', async () => {
    const store = new FaultyStore(new MemoryStore({ now }))
    const { site, user } = await bound({ session: { store, rolling: true } })
    time += GRACE
    store.calls.length = 0
    const reply = await thief(site, user, SESSION_COOKIES).get('/set')
    expect(reply.status).toBe(401)
    // The rolling read has moved the deadline, and it is put back.
    expect(store.calls.map(({ method }) => method)).toEqual(['load', 'touch'])
    for (const line of reply.cookies) expect(line).toMatch(/=; /)
  })

  it('without a bound cookie clears the session cookie, so that the browser gets to a login', async () => {
    const { site, user } = await bound()
    time += GRACE
    const lost = thief(site, user, SESSION_COOKIES)
    expect((await lost.get('/user')).status).toBe(401)
    expect([...lost.jar.keys()]).toEqual([])
    // The session is still there for the device that has the key.
    expect((await user.get('/user')).json()).toBe('ada')
  })

  it('with a bound cookie that has ended clears that one, so that the browser proves the device', async () => {
    const { user } = await bound()
    time += MAX_AGE
    expect((await user.get('/user')).status).toBe(401)
    expect([...user.jar.keys()]).toEqual(SESSION_COOKIES)
  })

  it('of a browser that could not prove the device clears nothing', async () => {
    const { user, device } = await bound()
    time += GRACE
    user.jar.delete(BOUND)
    const skipped = `server_error;session_identifier="${device.id}"`
    expect((await user.get('/user', { 'Secure-Session-Skipped': skipped })).status).toBe(401)
    expect([...user.jar.keys()]).toEqual(SESSION_COOKIES)
  })

  it('of a link on another site is repeated from this one', async () => {
    const { user } = await bound()
    time += GRACE
    user.jar.delete(BOUND)
    const headers = { 'Sec-Fetch-Site': 'cross-site', 'Sec-Fetch-Mode': 'navigate' }
    const reply = await user.get('/user', headers)
    expect(reply.status).toBe(401)
    expect(reply.headers['content-type']).toMatch(/^text\/html/)
    expect(reply.text).toContain('<meta http-equiv="refresh" content="0">')
    expect([...user.jar.keys()]).toEqual(SESSION_COOKIES)
    const again = await user.get('/user', { ...headers, 'Sec-Fetch-Site': 'same-origin' })
    expect([again.status, again.text]).toEqual([401, expect.stringContaining('log in again')])
  })

  it('of a script of another site clears nothing', async () => {
    const { user } = await bound()
    time += GRACE
    user.jar.delete(BOUND)
    const headers = { 'Sec-Fetch-Site': 'same-site', 'Sec-Fetch-Mode': 'cors' }
    expect((await user.get('/user', headers)).text).toContain('log in again')
    expect([...user.jar.keys()]).toEqual(SESSION_COOKIES)
  })
})

describe('onUnproved', () => {
  it('allow: serves the request, and says that it is not proved', async () => {
    const { site, user, refused } = await bound({ device: { onUnproved: 'allow' } })
    time += GRACE
    const other = thief(site, user, SESSION_COOKIES)
    expect((await other.get('/device')).json()).toEqual({ since: START, isProved: false })
    expect(refused).toEqual(['unproved'])
  })

  it('a function decides, and gets what the browser says', async () => {
    const asked: unknown[] = []
    const { site, user, device } = await bound({
      device: {
        onUnproved: async (ctx, request) => {
          asked.push([ctx.path, request])
          return request.skipped === 'quota_exceeded' ? 'allow' : 'refuse'
        },
      },
    })
    time += GRACE
    const header = (text: string) => ({ 'Secure-Session-Skipped': text })
    const get = (text: string) =>
      thief(site, user, SESSION_COOKIES).get('/user', text ? header(text) : {})
    const statuses = [
      await get(
        `unreachable;session_identifier="other", quota_exceeded;session_identifier="${device.id}"`,
      ),
      await get(`quota_exceeded;session_identifier="other"`),
      await get(`new_reason;session_identifier=${device.id}`),
      await get(''),
    ].map(({ status }) => status)
    expect(statuses).toEqual([200, 401, 401, 401])
    expect(asked).toEqual([
      ['/user', { why: 'unproved', skipped: 'quota_exceeded' }],
      ['/user', { why: 'unproved', skipped: undefined }],
      ['/user', { why: 'unproved', skipped: 'other' }],
      ['/user', { why: 'unproved', skipped: undefined }],
    ])
  })

  it('an error of the function is the answer', async () => {
    const { site, user } = await bound({
      device: { onUnproved: (ctx) => ctx.throw(418) },
    })
    time += GRACE
    expect((await thief(site, user, SESSION_COOKIES).get('/user')).status).toBe(418)
  })
})

describe('the registration', () => {
  it('is one for each session', async () => {
    const { user, refused } = await start()
    const login = await user.get('/login')
    const replies = await Promise.all([
      new Device(user).register(login),
      new Device(user).register(login),
    ])
    expect(replies.map(({ status }) => status).sort()).toEqual([200, 403])
    expect((await new Device(user).register(login)).status).toBe(403)
    expect(refused).toEqual(['registered', 'registered'])
  })

  it('of two keys at the same moment counts once', async () => {
    const store = new FaultyStore(new MemoryStore({ now }))
    const { user, refused } = await start({ session: { store } })
    const login = await user.get('/login')
    const write = store.hold('replace')
    const first = new Device(user)
    const one = first.register(login)
    await write.arrived
    const read = store.hold('load', { at: 'after' })
    const two = new Device(user).register(login)
    await read.arrived
    write.release()
    expect((await one).status).toBe(200)
    read.release()
    expect((await two).status).toBe(403)
    expect(refused).toEqual(['registered'])
    expect((await first.refresh()).status).toBe(200)
  })

  it('takes a quoted proof, as the draft has it, and a bare one', async () => {
    const { user, device } = await start()
    const proof = device.prove(offered(await user.get('/login')), { header: { jwk: device.jwk } })
    const headers = { 'Secure-Session-Response': `"${proof}"` }
    expect((await user.post('/.koa-sess/device/registration', headers)).status).toBe(200)
  })

  it('takes a key in the claims, as the draft has it', async () => {
    const { user, device } = await start()
    const changes = { header: { jwk: undefined }, claims: { key: device.jwk } }
    expect((await device.register(await user.get('/login'), changes)).status).toBe(200)
  })

  it('is refused with the challenge of another session, or an old one', async () => {
    const { site, user, device, refused } = await start()
    const other = await site.browser().get('/login')
    const login = await user.get('/login')
    expect((await device.register(other)).status).toBe(403)
    time += 1_200_000
    expect((await device.register(login)).status).toBe(403)
    expect(refused).toEqual(['challenge', 'challenge'])
  })

  it('needs a session, and the method of browsers', async () => {
    const { site, user, device } = await start()
    const login = await user.get('/login')
    user.jar.clear()
    expect((await device.register(login)).status).toBe(401)
    const reply = await site.browser().get('/.koa-sess/device/registration')
    expect([reply.status, reply.headers.allow]).toEqual([405, 'POST'])
  })

  it('answers 503 when the store failed, even where errorHandler goes on', async () => {
    const store = new FaultyStore(new MemoryStore({ now }))
    const { user, device } = await start({
      session: { store, reconnectTimeout: 0, errorHandler: () => undefined },
    })
    const login = await user.get('/login')
    store.down()
    expect((await device.register(login)).status).toBe(503)
  })

  it('answers 401 when a logout comes first, and brings nothing back', async () => {
    const store = new FaultyStore(new MemoryStore({ now }))
    const { user, device } = await start({ session: { store } })
    const login = await user.get('/login')
    const write = store.hold('replace')
    const registration = device.register(login)
    await write.arrived
    await user.get('/logout')
    write.release()
    expect((await registration).status).toBe(401)
    expect((await user.get('/user')).json()).toBe(null)
  })
})

describe('the refresh', () => {
  it('asks for a proof with the challenge of this stretch of time', async () => {
    const { device } = await bound()
    device.challenge = ''
    const first = await device.refresh()
    const { challenge } = device
    expect([first.status, challenge]).toEqual([403, expect.stringMatching(/^\d+\.[\w-]{43}$/)])
    expect((await device.refresh()).status).toBe(200)
    expect(device.challenge).toBe(challenge)
    time += MAX_AGE
    expect((await device.refresh()).status).toBe(200)
    expect(device.challenge).not.toBe(challenge)
  })

  it('reads once where the session is rolling', async () => {
    const store = new FaultyStore(new MemoryStore({ now }))
    const { device } = await bound({ session: { store, rolling: true } })
    store.calls.length = 0
    expect((await device.refresh()).status).toBe(200)
    expect(store.calls.map(({ method }) => method)).toEqual(['load'])
  })

  it('writes nothing, even where the session is due to be extended', async () => {
    const store = new FaultyStore(new MemoryStore({ now }))
    const { device } = await bound({ session: { store, ttl: 800_000, renew: 0.5 } })
    time += MAX_AGE
    store.calls.length = 0
    const reply = await device.refresh()
    expect(reply.cookies).toEqual([expect.stringMatching(/^__Host-koa\.sid\.device=/)])
    expect(store.calls.map(({ method }) => method)).toEqual(['load'])
  })

  it('asks again when the challenge is too old', async () => {
    const { device, refused } = await bound()
    time += 2 * MAX_AGE
    expect((await device.refresh()).status).toBe(403)
    expect((await device.refresh()).status).toBe(200)
    expect(refused).toEqual([])
  })

  it('is refused when another key signed, or another binding is meant', async () => {
    const { user, device, refused } = await bound()
    const key = new Device(user).privateKey
    expect((await device.refresh({ key })).status).toBe(401)
    expect((await device.refresh({}, 'another identifier of no one')).status).toBe(401)
    expect((await device.refresh({ claims: { sub: 'another' } })).status).toBe(401)
    expect((await device.refresh({ claims: { sub: device.id } }, `"${device.id}"`)).status).toBe(
      200,
    )
    expect(refused).toEqual(['signature', 'proof'])
  })

  it('of a session that moved a moment ago is answered 503, so that the browser keeps its key', async () => {
    const { site, user, device } = await bound()
    const before = thief(site, user)
    await user.get('/move')
    const late = await before.post('/.koa-sess/device/refresh', {
      'Sec-Secure-Session-Id': device.id,
    })
    expect(late.status).toBe(503)
    expect((await device.refresh()).status).toBe(200)
  })
})

describe('the binding', () => {
  it('moves to a new id: no new proof, and no new key', async () => {
    const { user, device } = await bound()
    const before = user.jar.get('koa.sid')
    await user.get('/move')
    expect(user.jar.get('koa.sid')).not.toBe(before)
    time += GRACE
    expect((await user.get('/device')).json()).toEqual({ since: START, isProved: true })
    expect((await device.refresh()).status).toBe(200)
  })

  it('is made anew at a login, and the earlier one ends', async () => {
    const { user, device } = await bound()
    const login = await user.get('/login')
    time += GRACE
    expect((await user.get('/device')).json()).toBe(null)
    expect((await device.refresh()).status).toBe(401)
    const next = new Device(user)
    expect((await next.register(login)).status).toBe(200)
    expect((await next.refresh()).status).toBe(200)
  })

  /** A request that began before the registration takes a new id after it. */
  async function movedAfterRegistration(before: Route) {
    const gate = new Gate()
    const started = await start({
      routes: {
        '/slow': async (ctx) => {
          await gate.pass()
          await before(ctx)
          ctx.regenerateSession({ keep: ['user'] })
        },
      },
    })
    const { user, device } = started
    const login = await user.get('/login')
    const slow = user.get('/slow')
    await gate.arrived
    expect((await device.register(login)).status).toBe(200)
    gate.open()
    expect((await slow).status).toBe(200)
    return started
  }

  it('is kept by a new id, if the session is read again after the registration', async () => {
    const { site, user } = await movedAfterRegistration((ctx) => ctx.session.reload())
    time += GRACE
    expect((await thief(site, user, SESSION_COOKIES).get('/user')).status).toBe(401)
    expect((await user.get('/user')).json()).toBe('ada')
  })

  it('is lost by a new id that a request takes which began before the registration', async () => {
    const { user, device } = await movedAfterRegistration(() => undefined)
    expect((await user.get('/device')).json()).toBe(null)
    expect((await device.refresh()).status).toBe(401)
    expect((await new Device(user).register(await user.get('/offer'))).status).toBe(200)
  })

  it('is offered until it is there, and then no more', async () => {
    const { user, device } = await start()
    await user.get('/login')
    const again = await user.get('/offer')
    expect(offered(again)).not.toBe('')
    expect((await device.register(again)).status).toBe(200)
    expect(offered(await user.get('/offer'))).toBe('')
  })

  it.each(['/replace', '/overwrite'])('survives %s', async (path) => {
    const { user, device } = await bound()
    expect((await user.get(path)).status).toBe(200)
    expect((await user.get('/device')).json()).toEqual({ since: START, isProved: true })
    expect((await device.refresh()).status).toBe(200)
  })

  it('is offered to no session that is empty or ended', async () => {
    const { user } = await start({
      routes: {
        '/end': async (ctx) => {
          await ctx.bindDevice()
          ctx.session = null
        },
      },
    })
    expect(offered(await user.get('/offer'))).toBe('')
    await user.get('/set')
    expect(offered(await user.get('/end'))).toBe('')
  })

  it('is offered when the id comes from an asynchronous genSid', async () => {
    let ids = 0
    const { user, device } = await start({
      session: { genSid: async () => `a-very-random-id-of-mine-${++ids}` },
    })
    expect((await device.register(await user.get('/login'))).status).toBe(200)
  })
})

describe('where the clocks of two servers differ', () => {
  /** Two servers on one store, the second one with another clock. */
  async function servers(ahead: number) {
    const store = new MemoryStore({ now })
    const theirs = () => time + ahead
    const here = await start({ session: { store } })
    const there = await start({ session: { store, now: theirs }, device: { now: theirs } })
    return { here, there }
  }

  it('a challenge of a clock that is ahead is answered at one that is behind', async () => {
    const { here, there } = await servers(-1000)
    const login = await here.user.get('/login')
    const moved = thief(there.site, here.user)
    const device = new Device(moved)
    expect((await device.register(login)).status).toBe(200)
    expect((await device.refresh()).status).toBe(200)
  })

  it.each([-1000, 1000])('requests under way are let in, %s ms apart', async (ahead) => {
    const { here, there } = await servers(ahead)
    const login = await there.user.get('/login')
    const late = thief(here.site, there.user)
    expect((await there.device.register(login)).status).toBe(200)
    expect((await late.get('/user')).json()).toBe('ada')
  })

  it('a registration by a clock that is far ahead opens no door', async () => {
    const { here, there } = await servers(MAX_AGE)
    await there.device.register(await there.user.get('/login'))
    time += MAX_AGE / 2
    expect((await thief(here.site, there.user, SESSION_COOKIES).get('/user')).status).toBe(401)
  })
})

describe('it works with', () => {
  const sealed = { keys: ['a secret of thirty-two bytes or more'] }
  it.each<[string, SessionOptions<SessionData>]>([
    ['hashIds', { hashIds: true }],
    ['encryption', { encryption: sealed }],
    ['rolling', { rolling: true }],
    ['renew', { rolling: true, renew: 0.5 }],
    ['an absolute timeout', { absoluteTimeout: 86_400_000 }],
    ['defer', { defer: true }],
    ['a hook valid', { valid: () => true }],
    ['all of them', { hashIds: true, encryption: sealed, rolling: true, renew: 0.5, defer: true }],
  ])('%s', async (_, session) => {
    const { site, user, device } = await bound({ session })
    time += GRACE
    expect((await user.get('/user')).json()).toBe('ada')
    expect((await thief(site, user, SESSION_COOKIES).get('/user')).status).toBe(401)
    time += MAX_AGE
    expect((await device.refresh()).status).toBe(200)
    expect((await user.get('/user')).json()).toBe('ada')
    await user.get('/move')
    expect((await user.get('/user')).json()).toBe('ada')
    await user.get('/logout')
    expect((await device.refresh()).status).toBe(401)
  })

  it('keys that rotate', async () => {
    const { site, user, device } = await bound()
    site.app.keys = ['a newer secret of the tests', ...(site.app.keys as string[])]
    time += GRACE
    expect((await user.get('/user')).json()).toBe('ada')
    expect((await device.refresh()).status).toBe(200)
    expect((await user.get('/user')).json()).toBe('ada')
  })

  it('a session cookie for cross-site requests: the bound cookie is sent with them too', async () => {
    const cookie = { sameSite: 'none', secure: true } as const
    const site = await serve(ROUTES, {
      now,
      cookie,
      before: [
        (ctx, next) => {
          ctx.cookies.secure = true
          return next()
        },
      ],
      after: [deviceBound({ now })],
    })
    sites.push(site)
    const user = site.browser()
    // The first request installs what notices that ctx.cookies.secure is set.
    await user.get('/static')
    const reply = await new Device(user).register(await user.get('/login'))
    expect(reply.cookies).toContainEqual(expect.stringMatching(/device=.*; SameSite=None; /))
  })
})
