import { afterEach, describe, expect, test } from 'vitest'
import { SignerCache } from '../../src/cookie/signature.js'
import session, { MemoryStore, type SessionStore } from '../../src/index.js'
import { FaultyStore } from '../../src/testing.js'
import { counted } from '../support/backends.js'
import { BASICS, KEYS, type Routes, type Site, type SiteOptions, serve } from '../support/site.js'

// One test for each row of the checklist that the defaults answer, named by its id.

const ROUTES: Routes = {
  ...BASICS,
  '/login': (ctx) => {
    ctx.regenerateSession()
    ctx.session.user = 'ada'
  },
}

let site: Site
afterEach(() => site?.close())

async function start(options: SiteOptions = {}, routes: Routes = {}) {
  const { store, calls } = counted(options.store ?? new MemoryStore())
  site = await serve({ ...ROUTES, ...routes }, { ...options, store })
  return { user: site.browser(), calls }
}

const signer = new SignerCache({ digest: 'sha1', sha1Until: 0, now: Date.now }).get(KEYS)
/** A Cookie header whose signature holds, whatever stands in it. */
const signed = (value: string, name = 'koa.sid') =>
  `${name}=${value}; ${name}.sig=${signer.sign(`${name}=${value}`)}`

describe('ids', () => {
  test('G1: 192 random bits in 32 base64url characters', async () => {
    const { user } = await start()
    await user.get('/set')
    const id = user.jar.get('koa.sid') ?? ''
    expect(id).toMatch(/^[\w-]{32}$/)
    expect(Buffer.from(id, 'base64url')).toHaveLength(24)
  })

  test('G2: an unknown id is not adopted, however well it is signed', async () => {
    const { user } = await start()
    const unknown = 'well-formed-and-signed-but-unknown'
    await user.get('/set', { cookie: signed(unknown) })
    expect(user.jar.get('koa.sid')).not.toBe(unknown)
    expect((await user.get('/read', { cookie: signed(unknown) })).json()).toEqual({})
  })

  test('G3: ids from genSid are checked', async () => {
    for (const bad of ['', '1', '../x']) {
      const { user, calls } = await start({ genSid: () => bad })
      const reply = await user.get('/set')
      expect([reply.status, reply.cookies, calls]).toEqual([500, [], []])
      await site.close()
    }
  })

  // A second session that equals the first one must not be taken for it.
  test.each([
    1, 2,
  ])('G4: a new session never takes the place of one that holds %i', async (count) => {
    const ids = ['the-same-id-0123456', 'the-same-id-0123456', 'another-id-01234567']
    const { user } = await start({ genSid: () => ids.shift() ?? '' })
    for (let done = 0; done < count; done++) await user.get('/set')
    const other = site.browser()
    await other.get('/set')
    expect(other.jar.get('koa.sid')).toBe('another-id-01234567')
    await other.get('/set')
    expect((await user.get('/read')).json()).toEqual({ x: count })
  })

  test('S3: what cannot be an id is put to no store, however well it is signed', async () => {
    const { user, calls } = await start()
    for (const id of [
      '../../x',
      '*',
      'a\0b-0123456789abcdef',
      'x'.repeat(10_000),
      '%2e%2e%2f',
      '/etc/passwd-0123',
    ]) {
      const cookie = signed(id).replaceAll('\0', '')
      expect((await user.get('/read', { cookie })).json()).toEqual({})
    }
    expect(calls).toEqual([])
  })
})

describe('the cookie', () => {
  test('C1: the defaults, and a name that browsers guard', async () => {
    const { user } = await start()
    const [line] = (await user.get('/set')).cookies
    expect(line?.replace(/=[\w-]{32}/, '=ID')).toBe('koa.sid=ID; path=/; samesite=lax; httponly')
    await site.close()
    const { user: guarded } = await start({ key: '__Host-sid' })
    site.app.proxy = true
    const [host] = (await guarded.get('/set', { 'x-forwarded-proto': 'https' })).cookies
    expect(host?.replace(/=[\w-]{32}/, '=ID')).toBe(
      '__Host-sid=ID; path=/; samesite=lax; secure; httponly',
    )
  })

  test('C2, C3, C6: contradictions and injections are refused at construction', () => {
    const refused: [string, object][] = [
      ['__host-sid', { domain: 'a.example' }],
      ['__Host-sid', { secure: false }],
      ['__HOST-sid', { path: '/x' }],
      ['__Secure-sid', { secure: false }],
      ['sid', { sameSite: 'none', secure: false }],
      ['sid', { partitioned: true, secure: false }],
      ['sid', { domain: 'a.com; SameSite=None' }],
      ['sid', { path: '/;x' }],
      ['sid', { path: '/\r\nSet-Cookie: a=b' }],
    ]
    for (const [key, cookie] of refused) {
      expect(() => session({ key, cookie })).toThrow(
        expect.objectContaining({ code: 'ERR_SESSION_COOKIE' }),
      )
    }
  })

  test('C5: one Set-Cookie for each name, whatever a request does', async () => {
    const { user } = await start(
      {},
      {
        '/all': async (ctx) => {
          ctx.session.x = 1
          await ctx.saveSession()
          await ctx.session.regenerate({ keep: ['x'] })
          await ctx.saveSession()
          await ctx.session.destroy()
          ctx.session = { y: 1 }
        },
      },
    )
    for (let round = 0; round < 2; round++) {
      const names = (await user.get('/all')).cookies.map((line) => line.split('=')[0])
      expect(names).toEqual(['koa.sid', 'koa.sid.sig'])
    }
    expect((await user.get('/read')).json()).toEqual({ y: 1 })
  })

  test('T1: fifty forged cookies make no store call', async () => {
    const { user, calls } = await start()
    for (let count = 0; count < 50; count++) {
      const cookie = `koa.sid=a-well-formed-id-${count}0; koa.sid.sig=${'A'.repeat(27)}`
      await user.get('/read', { cookie })
    }
    expect(calls).toEqual([])
  })

  test('H1: names are compared byte by byte', async () => {
    const { user, calls } = await start()
    const sid = 'a-well-formed-id-0123'
    const headers = [
      `\u00a0koa.sid=${sid}`,
      `KOA.SID=${sid}`,
      `$Version=1; $koa.sid=${sid}`,
      `x.koa.sid=${sid}`,
    ]
    for (const cookie of headers) {
      const signature = `koa.sid.sig=${signer.sign(`koa.sid=${sid}`)}`
      expect((await user.get('/read', { cookie: `${cookie}; ${signature}` })).status).toBe(200)
    }
    expect(calls).toEqual([])
  })

  test('H2, L3: of several cookies with the name the first that verifies counts; four are looked at', async () => {
    const { user, calls } = await start()
    await user.get('/set')
    const valid = user.cookie
    calls.length = 0
    const forged = 'koa.sid=a-forged-id-01234567'
    expect((await user.get('/read', { cookie: `${forged}; ${valid}` })).json()).toEqual({ x: 1 })
    const flood = Array.from({ length: 200 }, () => forged).join('; ')
    expect((await user.get('/read', { cookie: `${flood}; ${valid}` })).json()).toEqual({})
    expect(calls).toEqual(['load'])
  })

  test('F5: an id comes from the cookie, and from nowhere else', async () => {
    const { user, calls } = await start()
    await user.get('/set')
    const sid = user.jar.get('koa.sid') ?? ''
    calls.length = 0
    const stranger = site.browser()
    const tries: [string, Record<string, string>][] = [
      [`/read?sid=${sid}&koa.sid=${sid}`, {}],
      ['/read', { 'x-session-id': sid, authorization: `Bearer ${sid}` }],
    ]
    for (const [path, headers] of tries)
      expect((await stranger.get(path, headers)).json()).toEqual({})
    expect(calls).toEqual([])
  })

  test('Y1: a forwarded protocol counts only with app.proxy', async () => {
    const { user } = await start({ cookie: { secure: true } })
    const reply = await user.get('/set', { 'x-forwarded-proto': 'https' })
    expect([reply.status, reply.cookies]).toEqual([500, []])
    expect(site.errors).toMatchObject([{ code: 'ERR_SESSION_INSECURE' }])
  })

  test('Y2: the Host header has no say', async () => {
    const { user } = await start()
    const [line] = (await user.get('/set', { host: 'evil.example' })).cookies
    expect(line).not.toContain('evil')
  })
})

describe('fixation and revocation', () => {
  test('F1, F6: login gives a new id, the old one is dead, and nothing comes along unnamed', async () => {
    const { user } = await start()
    await user.get('/set')
    const { cookie } = user
    await user.get('/login')
    expect((await user.get('/read')).json()).toEqual({ user: 'ada' })
    expect((await user.get('/read', { cookie })).json()).toEqual({})
  })

  test('F2: kept keys persist without another change; nothing left ends the session', async () => {
    const { user } = await start(
      {},
      {
        '/keep': (ctx) => void ctx.regenerateSession({ keep: ['x'] }),
        '/move': (ctx) => void ctx.regenerateSession(),
      },
    )
    await user.get('/set')
    expect((await user.get('/keep')).cookies).toHaveLength(2)
    expect((await user.get('/read')).json()).toEqual({ x: 1 })
    await user.get('/move')
    expect(user.cookie).toBe('')
  })

  test('F3: setting an object keeps the id', async () => {
    const { user } = await start(
      {},
      {
        '/replace': (ctx) => {
          ctx.session = { y: 1 }
        },
      },
    )
    await user.get('/set')
    const id = user.jar.get('koa.sid')
    await user.get('/replace')
    expect(user.jar.get('koa.sid')).toBe(id)
    expect((await user.get('/read')).json()).toEqual({ y: 1 })
  })

  test('R1: logout ends the record and clears the cookie with the attributes it was set with', async () => {
    const { user } = await start({ cookie: { domain: 'a.example', path: '/', sameSite: 'strict' } })
    await user.get('/set')
    const { cookie } = user
    const { cookies } = await user.get('/logout')
    expect(cookies).toHaveLength(2)
    for (const line of cookies) {
      expect(line).toMatch(
        /=; path=\/; expires=Thu, 01 Jan 1970 00:00:00 GMT; domain=a\.example; samesite=strict; httponly$/,
      )
    }
    expect((await user.get('/read', { cookie })).json()).toEqual({})
  })

  test('L1: a thousand visits and logouts leave no record', async () => {
    const store = new MemoryStore()
    const { user } = await start({ store })
    for (let count = 0; count < 1000; count++) await user.get(count % 2 ? '/logout' : '/read')
    expect(store.size).toBe(0)
  })
})

describe('expiry', () => {
  test('E1: the server holds the idle timeout', async () => {
    let time = 1_800_000_000_000
    const now = () => time
    const store = new MemoryStore({ now })
    const { user } = await start({ store, now, ttl: 1000 })
    await user.get('/set')
    const { cookie } = user
    time += 1000
    expect((await user.get('/read', { cookie })).json()).toEqual({})
    expect(store.load(`koa:sess:${user.jar.get('koa.sid')}`)).toBe(undefined)
  })

  test('E3: a fixed end that was stored holds, whatever maxAge the options have now', async () => {
    let time = 1_800_000_000_000
    const now = () => time
    const store = new MemoryStore({ now })
    const routes: Routes = {
      '/until': (ctx) => {
        ctx.session.x = 1
        ctx.session.cookie.expires = new Date(time + 60_000)
      },
    }
    const options = { store, now, ttl: 3_600_000, rolling: true, cookie: { maxAge: 3_600_000 } }
    const { user } = await start(options, routes)
    await user.get('/until')
    const { cookie } = user
    time += 59_000
    expect((await user.get('/read', { cookie })).json()).toEqual({ x: 1 })
    time += 1000
    expect((await user.get('/read', { cookie })).json()).toEqual({})
    expect(store.load(`koa:sess:${/koa\.sid=([\w-]+)/.exec(cookie)?.[1]}`) ?? '1e-1').toMatch(
      /^\d+e-\d+$/,
    )
  })

  test('E5: extending never creates, and never beyond the absolute timeout', async () => {
    let time = 1_800_000_000_000
    const now = () => time
    const store = new MemoryStore({ now })
    const options = { store, now, ttl: 10_000, absoluteTimeout: 15_000, rolling: true }
    const { user } = await start(options)
    await user.get('/set')
    const key = `koa:sess:${user.jar.get('koa.sid')}`
    time += 9000
    await user.get('/read')
    const ends = (ms: number) => {
      const before = time
      time = 1_800_000_000_000 + ms
      const value = store.load(key)
      time = before
      return value === undefined
    }
    expect([ends(14_999), ends(15_000)]).toEqual([false, true])
    store.destroy(key)
    await user.get('/read')
    expect([store.touch(key, time + 1000), store.size]).toEqual([false, 0])
  })

  test('E4: unusable durations are refused', () => {
    for (const ttl of ['1h 30m', Number.NaN, -1, Number.POSITIVE_INFINITY]) {
      expect(() => session({ ttl: ttl as number })).toThrow(
        expect.objectContaining({ code: 'ERR_SESSION_DURATION' }),
      )
    }
  })
})

describe('integrity', () => {
  test('P2: a change that a CRC32 cannot see is a change', async () => {
    const { user } = await start(
      {},
      {
        '/one': (ctx) => {
          ctx.session.note = 'ImO9_sd6'
        },
        '/two': (ctx) => {
          ctx.session.note = 'cI6irA9S'
        },
      },
    )
    await user.get('/one')
    await user.get('/two')
    expect((await user.get('/read')).json()).toEqual({ note: 'cI6irA9S' })
  })

  test('S4: a class instance is stored as plain data', async () => {
    class Cart {
      items = ['tea']
      total(): number {
        return 1
      }
    }
    const { user } = await start(
      {},
      {
        '/cart': (ctx) => {
          ctx.session.cart = new Cart()
        },
      },
    )
    await user.get('/cart')
    expect((await user.get('/read')).json()).toEqual({ cart: { items: ['tea'] } })
  })

  test('H3: any key is data, and pollutes nothing', async () => {
    const data = JSON.parse(
      '{"__proto__":{"admin":true},"constructor":1,"save":2,"_x":3,"isNew":4}',
    )
    const { user } = await start(
      {},
      {
        '/data': (ctx) => {
          ctx.session = data
        },
        '/admin': (ctx) => [Reflect.get({}, 'admin') ?? null, ctx.session.admin ?? null],
        '/raw': (ctx) => JSON.parse(JSON.stringify(ctx.session)),
      },
    )
    await user.get('/data')
    expect((await user.get('/raw')).text).toBe(JSON.stringify(data))
    expect((await user.get('/admin')).json()).toEqual([null, null])
  })

  test('H4: a malformed record is no session, and no error', async () => {
    const values = ['null', '[]', '"s"', '"\\ud800"', '{', `${'['.repeat(100_000)}`]
    for (const value of values) {
      const store: SessionStore = {
        load: () => value,
        create: () => true,
        replace: () => ({ ok: true }),
        touch: () => true,
        destroy: () => true,
      }
      const { user } = await start({ store })
      const cookie = signed('a-well-formed-id-0123')
      expect((await user.get('/read', { cookie })).json()).toEqual({})
      await site.close()
    }
  })

  test('X1: a failing store is a 5xx, without a cookie and without a new session', async () => {
    const memory = new MemoryStore()
    const store = new FaultyStore(memory)
    const { user } = await start({ store })
    await user.get('/set')
    const fault = store.fail('any', { times: Number.POSITIVE_INFINITY })
    for (const path of ['/read', '/set', '/login', '/logout']) {
      const reply = await user.get(path)
      expect([reply.status, reply.cookies]).toEqual([500, []])
    }
    fault.cancel()
    expect((await user.get('/read')).json()).toEqual({ x: 1 })
    expect(memory.size).toBe(1)
  })
})
