import fc from 'fast-check'
import Keygrip from 'keygrip'
import { describe, expect, test } from 'vitest'
import { readCookie } from '../../src/cookie/header.js'
import { CookiePolicy } from '../../src/cookie/policy.js'
import type { SessionOptions } from '../../src/index.js'
import { decodeCookie, usesDefaults } from '../../src/record/stored-cookie.js'
import { isId } from '../../src/session/id.js'
import { Browser } from '../support/browser.js'
import { RUNS, TIMEOUT } from '../support/hostile/check.js'
import { header } from '../support/hostile/header.js'
import { FOUND_OPTIONS, jsonOptionsOf, optionsOf } from '../support/hostile/options.js'
import { inject } from '../support/inject.js'
import { listen } from '../support/listen.js'
import { CookieOracle, LIVE } from '../support/oracle/cookie.js'
import { checkOptions, optionNames } from '../support/oracle/options.js'
import { KEYS, serve } from '../support/site.js'

// Random input. `npm run fuzz` uses the same oracles guided by coverage, and times what must be linear.
describe('H1, H2: the Cookie header', () => {
  const CASES: {
    title: string
    digests: string[]
    options: SessionOptions<SessionData>
    wire: boolean
  }[] = [
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
    { title: 'sha1, over HTTP', digests: ['sha1'], options: {}, wire: true },
  ]

  test.each(CASES)('signed with $title: the store is asked for a proven id only', {
    timeout: TIMEOUT,
  }, async ({ digests, options, wire }) => {
    const oracle = new CookieOracle(digests, options)
    const { origin, close } = await listen(oracle.app.koa.callback())
    const browser = new Browser(origin)
    const errors: unknown[] = []
    oracle.app.koa.on('error', (error) => errors.push(error))
    const overHttp = async (cookie: string) => {
      errors.length = 0
      // The bytes that Node lets through, and as many.
      const sent = cookie.replace(/[^\t\x20-\x7e\x80-\xff]/g, '').slice(0, 12_000)
      browser.jar.clear()
      const { status, cookies } = await browser.get('/', { cookie: sent })
      return { status, cookies, errors }
    }
    const property = fc.asyncProperty(header, (cookie) =>
      oracle.check(cookie, wire ? overHttp : undefined),
    )
    const numRuns = wire ? Math.ceil(RUNS / 3) : RUNS
    await fc.assert(property, { numRuns }).finally(async () => {
      browser.close()
      await close()
      oracle.close()
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
        return undefined
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
  test('the error of an unknown option lists the known ones', () => {
    expect(optionNames()).toContain('sessionIdStore')
    expect(optionNames()).toContain('cookie')
  })

  test('any options are refused with a SessionError, or serve a request', {
    timeout: TIMEOUT,
  }, async () => {
    const property = fc.asyncProperty(optionsOf(optionNames()), async (options) => {
      await checkOptions(options)
    })
    const examples = FOUND_OPTIONS.map((found): [unknown] => [found])
    await fc.assert(property, { numRuns: RUNS * 2, examples })
  })

  test('options from JSON with a key __proto__ are refused', { timeout: TIMEOUT }, async () => {
    const property = fc.asyncProperty(jsonOptionsOf(optionNames()), async (json) => {
      const options: unknown = JSON.parse(json)
      const isAccepted = await checkOptions(options)
      const cookie: unknown = Reflect.get(Object(options), 'cookie')
      const named = [options, cookie].some((each) => Object.hasOwn(Object(each), '__proto__'))
      if (named) expect(isAccepted).toBe(false)
    })
    await fc.assert(property, { numRuns: RUNS * 2 })
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
