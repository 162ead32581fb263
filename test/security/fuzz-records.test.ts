import fc from 'fast-check'
import type { Context } from 'koa'
import { afterEach, describe, expect, test } from 'vitest'
import { type LegacyStore, MemoryStore } from '../../src/index.js'
import { makeSeal } from '../../src/record/seal.js'
import { FaultyStore } from '../../src/testing/faulty.js'
import { isPolluted, RUNS, TIMEOUT } from '../support/hostile/check.js'
import { mac, tampered } from '../support/hostile/header.js'
import { FOUND, payload } from '../support/hostile/record.js'
import { inject } from '../support/inject.js'
import { KEYS, type Routes, type Site, type SiteOptions, serve } from '../support/site.js'

// Whatever a store hands out, at random: no error, no pollution, and no key of a record is lost.
const DAY = 86_400_000
const now = () => 1_800_000_000_000

type Data = Record<string, unknown>
const isObject = (value: unknown): value is Data =>
  typeof value === 'object' && value !== null && !Array.isArray(value)

function parsed(value: string): unknown {
  try {
    return JSON.parse(value)
  } catch {
    return undefined
  }
}

function written(value: unknown): string | undefined {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}

const sorted = (data: object) =>
  written(Object.entries(data).sort(([left], [right]) => (left < right ? -1 : 1)))

const PEER = ['_expire', '_maxAge', '_session']

/** The data of a value as comparable text; undefined: it is no record, or none that can be written. */
function dataIn(value: string | undefined): string | undefined {
  const record = parsed(value ?? '')
  if (!isObject(record)) return undefined
  const { cookie, ...data } = record
  const { _expire, _maxAge, _session } = data
  const lasting = Number.isFinite(_expire) && Number.isFinite(_maxAge)
  const marked = isObject(cookie) && cookie.data === true
  if (!marked && (lasting || _session === true)) for (const name of PEER) delete data[name]
  return sorted(data)
}

/** Whether a record says of itself that it ended; undefined: who knows. */
function isOver(value: string): boolean | undefined {
  const record = parsed(value)
  if (!isObject(record)) return false
  const { cookie, _expire, _maxAge } = record
  const { expires, created, data } = isObject(cookie) ? cookie : {}
  const isPast = (moment: unknown) => typeof moment === 'number' && moment <= now()
  if (data !== true && Number.isFinite(_maxAge) && Number.isFinite(_expire) && isPast(_expire))
    return true
  if (isPast(_expire) || isPast(created) || typeof expires === 'number') return undefined
  return typeof expires === 'string' && !(Date.parse(expires) > now()) ? undefined : false
}

const TOUCHED = '[["touched",1]]'
const touch = (data: string) => sorted({ ...Object.fromEntries(JSON.parse(data)), touched: 1 })

/** What is left of a session under its id, and what stands under the new one, by the data it held. */
const LEFT: Record<string, (data: string) => [string | undefined, string | undefined]> = {
  '/read': (data) => [data, undefined],
  '/save': (data) => [data, undefined],
  '/modify': (data) => [touch(data), undefined],
  '/update': (data) => [touch(data), undefined],
  '/replace': () => [TOUCHED, undefined],
  '/login': () => [undefined, TOUCHED],
  '/move': (data) => [undefined, data === '[]' ? undefined : data],
  '/logout': () => [undefined, undefined],
}

/** A store of the older contract: it parses what it holds. */
class OlderStore implements LegacyStore {
  readonly rows = new Map<string, string>()

  get(sid: string): unknown {
    const row = this.rows.get(sid)
    return row === undefined ? undefined : (parsed(row) ?? row)
  }
  set(sid: string, data: object): void {
    this.rows.set(sid, JSON.stringify(data))
  }
  destroy(sid: string): void {
    this.rows.delete(sid)
  }
}

/** A store, a way to put anything into it, and what it holds. */
interface Shelf {
  store: FaultyStore
  put(key: string, value: string): void
  peek(key: string): string | undefined
  /** A value as this package gets to see it. */
  told(value: string): string
}

function strong(): Shelf {
  const memory = new MemoryStore({ now })
  return {
    store: new FaultyStore(memory),
    put(key, value) {
      memory.destroy(key)
      memory.create(key, value, now() + DAY)
    },
    peek: (key) => memory.load(key),
    told: (value) => value,
  }
}

function weak(): Shelf {
  const older = new OlderStore()
  return {
    store: new FaultyStore(older, { now }),
    put: (key, value) => older.rows.set(key, value),
    peek: (key) => older.rows.get(key),
    told: (value) => written(parsed(value)) ?? '',
  }
}

describe('H3, H4: what a store hands out', () => {
  let key = ''
  let theirs = ''
  let put: Shelf['put']
  let seen: object
  let prototype: unknown

  const look = async (ctx: Context) => {
    const current = await ctx.session
    prototype = Reflect.getPrototypeOf(current)
    seen = { ...current }
    return current
  }
  const routes: Routes = {
    '/read': async (ctx) => void (await look(ctx)).cookie,
    '/modify': async (ctx) => {
      const current = await look(ctx)
      current.touched = 1
    },
    '/conflict': async (ctx) => {
      const current = await look(ctx)
      current.touched = 1
      put(key, theirs)
    },
    '/save': async (ctx) => {
      await look(ctx)
      await ctx.saveSession()
    },
    '/update': (ctx) =>
      ctx.updateSession((draft) => {
        prototype = Reflect.getPrototypeOf(draft)
        seen = { ...draft }
        draft.touched = 1
      }),
    '/login': async (ctx) => {
      await look(ctx)
      const current = await ctx.regenerateSession()
      current.touched = 1
    },
    '/move': async (ctx) => {
      await ctx.regenerateSession({ keep: Object.keys(await look(ctx)) })
    },
    '/logout': async (ctx) => {
      await look(ctx)
      ctx.session = null
    },
    '/replace': async (ctx) => {
      await look(ctx)
      ctx.session = { touched: 1 }
    },
  }

  const MODES: { title: string; options: SiteOptions }[] = [
    { title: 'as it is', options: {} },
    { title: 'rolling', options: { rolling: true, defer: true } },
    { title: 'with an absolute timeout', options: { absoluteTimeout: DAY, rolling: true } },
    { title: 'with renew', options: { renew: 0.5 } },
  ]
  const KINDS = [
    { name: 'a store', open: strong },
    { name: 'an older store', open: weak },
  ]
  const CASES = KINDS.flatMap((kind) => MODES.map((mode) => ({ ...kind, ...mode })))

  let games = 0
  let site: Site
  let shelf: Shelf
  afterEach(() => site.close())
  async function start(open: () => Shelf, options: SiteOptions) {
    shelf = open()
    put = shelf.put
    // What a record says of its cookie may ask for TLS.
    const proxied = (ctx: Context, next: () => Promise<void>) => {
      ctx.cookies.secure = true
      return next()
    }
    site = await serve(routes, { ...options, now, store: shelf.store, before: [proxied] })
    await run('/read', 'nothing')
    return prototype
  }

  /** One request to a store that holds this; the id that the browser has then. */
  async function run(path: string, value: string) {
    const id = `the-id-of-session-${games++}`
    const cookie = `koa.sid=${id}; koa.sid.sig=${mac('sha1', KEYS[0] ?? '', id)}`
    key = `koa:sess:${id}`
    site.errors.length = 0
    shelf.store.calls.length = 0
    shelf.put(key, value)
    const { status, cookies } = await inject(site.app.callback(), path, cookie)
    expect([status, site.errors]).toEqual([200, []])
    expect(isPolluted()).toBe(false)
    const numbers = shelf.store.calls
      .flatMap(({ args }) => args)
      .filter((each) => typeof each === 'number')
    expect(numbers.filter((deadline) => !Number.isSafeInteger(deadline))).toEqual([])
    const told = /^koa\.sid=([^;]*)/.exec(cookies[0] ?? '')?.[1]
    return told === id ? undefined : told
  }

  test.each(CASES)('$name, $title', { timeout: TIMEOUT }, async ({ open, options }) => {
    const plain = await start(open, options)
    const path = fc.constantFrom(...Object.keys(routes))
    const property = fc.asyncProperty(path, payload, payload, async (at, value, other) => {
      theirs = other
      const told = shelf.told(value)
      const data = dataIn(told)
      // Nothing can be kept of what JSON cannot write: whoever asks for that is told.
      if (data === undefined && isObject(parsed(told)) && /update|move/.test(at)) return
      const id = await run(at, value)
      expect(prototype).toBe(plain)
      const isNone = !isObject(parsed(told)) || isOver(told)
      if (isNone) expect(seen).toEqual({})
      if (isNone !== false || data === undefined) return
      expect(sorted(seen)).toBe(data)
      const left = LEFT[at]?.(data)
      if (left) expect([shelf.peek(key), shelf.peek(`koa:sess:${id}`)].map(dataIn)).toEqual(left)
      if (at === '/logout') expect(id).toBe('')
    })
    const examples = Object.keys(routes).flatMap((at) =>
      FOUND.map((found): [string, string, string] => [
        at,
        at === '/conflict' ? '{}' : found,
        found,
      ]),
    )
    await fc.assert(property, { numRuns: RUNS + examples.length, examples })
  })

  test('sealed, no value of a stranger is a session', { timeout: TIMEOUT }, async () => {
    const keys = ['a key of 32 bytes for the tests.']
    await start(strong, { encryption: { keys } })
    // What was sealed for another session is a stranger's as well.
    const moved = makeSeal(keys, 'record').seal('{"admin":true}', 'koa:sess:of-somebody-else')
    const inside = fc.oneof(payload, fc.constant(moved), tampered(moved))
    const sealed = fc.oneof(
      payload,
      inside.map((value) => `{"sealed":"${value}"}`),
    )
    const path = fc.constantFrom('/read', '/modify', '/update', '/move', '/logout')
    const property = fc.asyncProperty(path, sealed, async (at, value) => {
      await run(at, value)
      expect(seen).toEqual({})
    })
    await fc.assert(property, { numRuns: RUNS })
  })
})
