import { afterEach, describe, expect, test } from 'vitest'
import { MemoryStore, type SessionStore } from '../../src/index.js'
import { migrating } from '../../src/migrate.js'
import { isEnded } from '../../src/record/tombstone.js'
import { FaultyStore } from '../../src/testing.js'
import type { Browser, Reply } from '../support/browser.js'
import { hashed } from '../support/hashed.js'
import { over, type Site, type SiteOptions } from '../support/site.js'
import { serveUsers } from '../users/fixture.js'

const DAY = 86_400_000
const START = 1_800_000_000_000
const until = new Date(START + 1000 * DAY)
const OLD = 'an old secret of thirty-two bytes or more'
const NEW = 'a new secret of thirty-two bytes or more'
/** More calls than a request of these tests makes. */
const CALLS = Array.from({ length: 30 }, (_, at) => at + 1)

let time = START
const now = () => time
const sites: Site[] = []
afterEach(async () => {
  for (const site of sites.splice(0)) await site.close()
})

/** What the servers of a phase are given. `on`: default, the first store. */
interface Phase extends SiteOptions {
  on?: (from: SessionStore, to: SessionStore) => SessionStore
}

const hashedUntil: Phase = { hashIds: { hashedUntil: until } }
const plainUntil: Phase = { hashIds: { plainUntil: until } }
const decryptOnly: Phase = { encryption: { keys: [OLD], decryptOnly: true } }
const jsonUntil: Phase = { encryption: { keys: [OLD], plainUntil: until } }
const sealed = (...keys: string[]): Phase => ({ encryption: { keys } })
const signed: Phase[] = [
  { keys: [OLD] },
  { keys: [OLD, NEW], digest: { accept: 'sha256' } },
  { keys: [NEW, OLD], digest: 'sha256' },
  { keys: [NEW], digest: { sha1Until: new Date(START - 1) } },
]
const wait: Phase = { on: (from, to) => migrating({ from, to, move: false, now }) }
const move: Phase = { on: (from, to) => migrating({ from, to, now }) }
const moved: Phase = { on: (_, to) => to }

interface Pair {
  name: string
  phases: [Phase, Phase]
  /** Where the sessions begin. Default: in each of the two. */
  begins?: Phase[]
}

const PAIRS: Pair[] = [
  { name: 'off, hashedUntil', phases: [{}, hashedUntil] },
  { name: 'hashedUntil, plainUntil', phases: [hashedUntil, plainUntil] },
  { name: 'two of plainUntil', phases: [plainUntil, plainUntil], begins: [{}] },
  { name: 'plainUntil, true', phases: [plainUntil, { hashIds: true }] },
  { name: 'no encryption, decryptOnly', phases: [{}, decryptOnly] },
  { name: 'decryptOnly, JSON until', phases: [decryptOnly, jsonUntil] },
  { name: 'JSON until, keys', phases: [jsonUntil, sealed(OLD)] },
  { name: 'one key, two keys', phases: [sealed(OLD), sealed(OLD, NEW)] },
  { name: 'two keys, the other one first', phases: [sealed(OLD, NEW), sealed(NEW, OLD)] },
  { name: 'signatures, phase 1', phases: [signed[0] ?? {}, signed[1] ?? {}] },
  { name: 'signatures, phase 2', phases: [signed[1] ?? {}, signed[2] ?? {}] },
  { name: 'signatures, phase 3', phases: [signed[2] ?? {}, signed[3] ?? {}] },
  {
    name: 'hashing and encryption',
    phases: [
      { ...hashedUntil, ...decryptOnly },
      { ...plainUntil, ...jsonUntil },
    ],
  },
  { name: 'the old store, migrating without moves', phases: [{}, wait] },
  { name: 'migrating without and with moves', phases: [wait, move] },
  { name: 'migrating, the new store', phases: [move, moved], begins: [moved] },
  {
    name: 'migrating, while ids are hashed',
    phases: [
      { ...wait, ...plainUntil },
      { ...move, ...plainUntil },
    ],
    begins: [{}, plainUntil],
  },
]

type Action = '/set' | '/other' | '/rotate' | '/logout' | '/revoke'

/** A server whose store calls can be held. */
class Server {
  readonly #stores: FaultyStore[]

  constructor(
    readonly site: Site,
    stores: FaultyStore[],
  ) {
    this.#stores = stores
  }

  static async start(stores: MemoryStore[], { on, ...options }: Phase): Promise<Server> {
    const faulty = stores.map((store) => new FaultyStore(store))
    const [from, to] = faulty as [FaultyStore, FaultyStore]
    const site: Site = await serveUsers(
      { now, ttl: DAY, store: on ? on(from, to) : from, ...options },
      {
        '/set': (ctx) => {
          if (ctx.session.user) ctx.session.set = 1
        },
        '/other': (ctx) => {
          if (ctx.session.user) ctx.session.other = 1
        },
        '/revoke': (ctx) => site.session.of(String(ctx.query.user)).endAll(),
      },
    )
    sites.push(site)
    return new Server(site, faulty)
  }

  /** Holds a call, counted over its stores. */
  hold(nth: number) {
    let seen = 0
    const holds = this.#stores.map((store) => store.hold('any', { where: () => ++seen === nth }))
    return {
      arrived: Promise.race(holds.map((hold) => hold.arrived)),
      release: () => {
        for (const hold of holds) hold.release()
      },
    }
  }

  reset(): void {
    for (const store of this.#stores) store.reset()
  }

  browser(user: Browser): Browser {
    return over(user, this.site)
  }

  async read(user: Browser): Promise<SessionData> {
    return (await this.browser(user).get('/read')).json()
  }
}

interface Stage {
  stores: MemoryStore[]
  begin: Server
  slow: Server
  beside: Server
}

let users = 0

/** A request waits at one of its store calls while another server serves one. Undefined: it has no such call. */
async function play(
  { stores, begin, slow, beside }: Stage,
  actions: [Action, Action],
  nth: number,
) {
  const user = `user${++users}`
  const first = begin.site.browser()
  await first.get(`/login?user=${user}`)
  const browsers = [slow.browser(first), beside.browser(first)] as const
  const hold = slow.hold(nth)
  const held = browsers[0].get(`${actions[0]}?user=${user}`)
  const isHeld = await Promise.race([hold.arrived.then(() => true), held.then(() => false)])
  const replies: Reply[] = []
  if (isHeld) replies.push(await browsers[1].get(`${actions[1]}?user=${user}`))
  hold.release()
  replies.push(await held)
  slow.reset()
  if (!isHeld) return undefined
  const views = []
  for (const server of [slow, beside]) {
    const now = []
    for (const each of [first, ...browsers]) now.push(await server.read(each))
    views.push(now)
  }
  time += 100_000
  const ids = new Set([first, ...browsers].map(({ jar }) => jar.get('koa.sid') ?? ''))
  const left: string[] = []
  for (const id of ids)
    for (const key of [id, hashed(id)])
      for (const store of stores) left.push((await store.load(`koa:sess:${key}`)) ?? '')
  return { user, replies, views, records: left.filter((value) => value && !isEnded(value)).length }
}

type Played = NonNullable<Awaited<ReturnType<typeof play>>>

function check({ user, replies, views, records }: Played, actions: [Action, Action], at: string) {
  const isRotated = actions.includes('/rotate')
  expect(
    replies.map(({ status }) => status),
    at,
  ).toEqual([200, 200])
  for (const [old, ...both] of views) {
    if (actions.includes('/revoke'))
      expect([old, ...both].map((each) => each?.user).filter(Boolean), at).toEqual([])
    else if (isRotated || actions.includes('/logout')) expect(old?.user, at).toBe(undefined)
    else expect(old, at).toEqual({ user, set: 1, other: 1 })
    if (isRotated && !actions.includes('/logout') && !actions.includes('/revoke'))
      expect(
        both.map((each) => each?.user),
        at,
      ).toContain(user)
  }
  expect(records, at).toBeLessThanOrEqual(1)
}

const CASES: [Action, Action][] = [
  ['/set', '/other'],
  ['/set', '/rotate'],
  ['/set', '/logout'],
  ['/set', '/revoke'],
  ['/rotate', '/other'],
  ['/rotate', '/logout'],
  ['/rotate', '/revoke'],
  ['/logout', '/other'],
  ['/logout', '/rotate'],
  ['/revoke', '/other'],
  ['/revoke', '/rotate'],
]

describe('neighbouring phases side by side', () => {
  test.each(PAIRS)('$name', { timeout: 60_000 }, async ({ phases: [one, two], begins }) => {
    const stores = [new MemoryStore({ now }), new MemoryStore({ now })]
    const start = (phase: Phase) => Server.start(stores, phase)
    const [first, second] = [await start(one), await start(two)]
    const places = begins ? await Promise.all(begins.map(start)) : [first, second]
    for (const begin of places)
      for (const actions of CASES)
        for (const [slow, beside] of [
          [first, second],
          [second, first],
        ] as const)
          for (const nth of CALLS) {
            const played = await play({ stores, begin, slow, beside }, actions, nth)
            if (!played) break
            const side = slow === first ? 'first' : 'second'
            check(played, actions, `${actions.join(' and ')}, call ${nth} of the ${side}`)
          }
  })
})
