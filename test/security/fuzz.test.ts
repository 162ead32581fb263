import fc from 'fast-check'
import Keygrip from 'keygrip'
import Koa, { type Context } from 'koa'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { readCookie } from '../../src/cookie/header.js'
import { CookiePolicy } from '../../src/cookie/policy.js'
import session, { MemoryStore, SessionError } from '../../src/index.js'
import { decodeCookie, usesDefaults } from '../../src/record/stored-cookie.js'
import { isId } from '../../src/session/id.js'
import { FaultyStore } from '../../src/testing/faulty.js'
import { isPolluted, RUNS, TIMEOUT } from '../support/hostile/check.js'
import { header, LIVE, mac } from '../support/hostile/header.js'
import { FOUND_OPTIONS, jsonOptionsOf, optionsOf } from '../support/hostile/options.js'
import { inject } from '../support/inject.js'
import { KEYS, type Site, type SiteOptions, serve } from '../support/site.js'

// Hostile input, at random. `npm run fuzz` is guided by coverage, and times what must be linear.
const DAY = 86_400_000

describe('H1, H2: the Cookie header', () => {
  const ALPHABET = /^[A-Za-z0-9_\-.:~+=@!|%{}]$/
  const fits = (id: string) =>
    id.length >= 16 &&
    id.length <= 256 &&
    id.split('').every((character) => ALPHABET.test(character)) &&
    !id.startsWith('.') &&
    !id.includes('..')

  /** The id that a header proves, found in another way than src does it. */
  function proven(text: string, digests: string[]): string | undefined {
    const pairs = text.split(';').map((each) => each.replace(/^[ \t]+/, ''))
    const named = (name: string) =>
      pairs.flatMap((each) => (each.startsWith(`${name}=`) ? [each.slice(name.length + 1)] : []))
    const marks = named('koa.sid.sig').slice(0, 4)
    const signed = (id: string) =>
      digests.some((digest) => KEYS.some((key) => marks.includes(mac(digest, key, id))))
    return named('koa.sid').slice(0, 4).filter(fits).find(signed)
  }

  const CASES: { title: string; digests: string[]; options: SiteOptions; wire: boolean }[] = [
    { title: 'sha1', digests: ['sha1'], options: {}, wire: false },
    {
      title: 'either',
      digests: ['sha256', 'sha1'],
      options: { digest: 'sha256', defer: true },
      wire: false,
    },
    {
      title: 'sha256',
      digests: ['sha256'],
      options: { digest: { sha1Until: new Date(0) }, rolling: true },
      wire: false,
    },
    { title: 'sha1, on the wire', digests: ['sha1'], options: {}, wire: true },
  ]
  describe.each(CASES)('signed with $title', ({ digests, options, wire }) => {
    const store = new FaultyStore(new MemoryStore())
    let site: Site
    let received = ''
    let seen: unknown
    beforeAll(async () => {
      const read = async (ctx: Context) => {
        received = ctx.req.headers.cookie ?? ''
        seen = { ...(await ctx.session) }
      }
      site = await serve({ '/read': read }, { ...options, store })
      await store.create(`koa:sess:${LIVE}`, '{"name":"ada","cookie":{}}', Date.now() + DAY)
    })
    afterAll(() => site.close())

    test('only a proven id is put to the store', { timeout: TIMEOUT }, async () => {
      const handle = site.app.callback()
      const browser = site.browser()
      const send = (cookie: string) => {
        if (!wire) return inject(handle, '/read', cookie)
        browser.jar.clear()
        // What Node lets through, and as much of it.
        const sent = cookie.replace(/[^\t\x20-\x7e\x80-\xff]/g, '').slice(0, 12_000)
        return browser.get('/read', { cookie: sent })
      }
      const property = fc.asyncProperty(header, async (cookie) => {
        store.calls.length = 0
        const { status } = await send(cookie)
        expect([status, site.errors]).toEqual([200, []])
        const id = proven(received, digests)
        const asked = new Set(store.calls.map(({ key }) => key))
        expect([...asked]).toEqual(id === undefined ? [] : [`koa:sess:${id}`])
        expect(seen).toEqual(id === LIVE ? { name: 'ada' } : {})
        expect(isPolluted()).toBe(false)
      })
      await fc.assert(property, { numRuns: wire ? Math.ceil(RUNS / 3) : RUNS })
    })
  })

  const flood = fc
    .tuple(header, fc.nat({ max: 2000 }))
    .map(([some, many]) => some + `;koa.sid=${LIVE};koa.sid.sig=${'x'.repeat(27)}`.repeat(many))

  test('four ids and four signatures are looked at, however many come', {
    timeout: TIMEOUT,
  }, () => {
    const property = fc.property(flood, (cookie) => {
      const marks: number[] = []
      const ids: string[] = []
      const index = (_: string, signatures: readonly string[]) => {
        marks.push(signatures.length)
        return -1
      }
      const accepts = (id: string) => ids.push(id) > 0 && isId(id)
      const found = readCookie(cookie, 'koa.sid', { sign: () => '', index }, accepts)
      expect(found ?? {}).not.toHaveProperty('id')
      expect(Math.max(ids.length, marks.length, ...marks)).toBeLessThanOrEqual(4)
    })
    fc.assert(property, { numRuns: RUNS })
  })

  test('a Keygrip is asked sixteen times at the most', { timeout: TIMEOUT }, async () => {
    const keygrip = new Keygrip(KEYS)
    let asked = 0
    const { index } = keygrip
    keygrip.index = (data, digest) => {
      asked++
      return index.call(keygrip, data, digest)
    }
    const site = await serve({ '/': (ctx) => ({ ...ctx.session }) }, { keys: keygrip })
    const property = fc.asyncProperty(flood, async (cookie) => {
      asked = 0
      expect((await inject(site.app.callback(), '/', cookie)).status).toBe(200)
      expect(asked).toBeLessThanOrEqual(16)
    })
    await fc.assert(property, { numRuns: RUNS }).finally(() => site.close())
  })
})

describe('H3: options', () => {
  // An option that comes later is known without a word here.
  const names = () => {
    try {
      session(JSON.parse('{"no option":1}'))
      return []
    } catch (error) {
      return String(error)
        .replace(/.*known are /, '')
        .split(', ')
    }
  }

  /** The middleware of these options; undefined: they were refused, and properly. */
  function made(options: unknown): ReturnType<typeof session> | undefined {
    try {
      return Reflect.apply(session, undefined, [options])
    } catch (error) {
      expect(error).toBeInstanceOf(SessionError)
      return undefined
    } finally {
      expect(isPolluted()).toBe(false)
    }
  }

  test('its names are known', () => {
    expect(names()).toContain('sessionIdStore')
    expect(names()).toContain('cookie')
  })

  test('any: refused with a SessionError, or good for a request', {
    timeout: TIMEOUT,
  }, async () => {
    const property = fc.asyncProperty(optionsOf(names()), async (options) => {
      const middleware = made(options)
      if (!middleware) return
      const app = new Koa()
      app.keys = KEYS
      const errors: unknown[] = []
      app.on('error', (error) => errors.push(error))
      app.use(middleware)
      app.use(async (ctx) => {
        const current = await ctx.session
        if (current) current.touched = 1
        ctx.body = 'done'
      })
      await inject(app.callback(), '/', '').finally(() => middleware.close())
      expect(errors.filter((error) => !(error instanceof SessionError))).toEqual([])
    })
    const examples = FOUND_OPTIONS.map((found): [unknown] => [found])
    await fc.assert(property, { numRuns: RUNS * 2, examples })
  })

  test('from JSON: no __proto__ has a say', () => {
    const property = fc.property(jsonOptionsOf(names()), (json) => {
      const options: unknown = JSON.parse(json)
      const middleware = made(options)
      middleware?.close()
      const cookie: unknown = Reflect.get(Object(options), 'cookie')
      const named = [options, cookie].some((each) => Object.hasOwn(Object(each), '__proto__'))
      if (named) expect(middleware).toBe(undefined)
    })
    fc.assert(property, { numRuns: RUNS * 2 })
  })
})

describe('work', () => {
  /** A record's cookie of many entries, and a count of how often its `own` is looked into. */
  function watched(entries: number) {
    let looks = 0
    const names = Array.from({ length: entries }, (_, at) => `name${at}`)
    const own = new Proxy(
      names.map((name) => `not ${name}`),
      {
        get(target, name, receiver) {
          looks++
          return Reflect.get(target, name, receiver)
        },
      },
    )
    const cookie = { ...Object.fromEntries(names.map((name) => [name, 1])), own }
    return { cookie, looks: () => looks }
  }

  test('a record with a large cookie takes no longer than it is large', () => {
    for (const read of [
      usesDefaults,
      (cookie: unknown) => decodeCookie(cookie, new CookiePolicy('koa.sid')),
    ]) {
      const { cookie, looks } = watched(1000)
      read(cookie)
      expect(looks()).toBeLessThan(20 * 1000)
    }
  })
})
