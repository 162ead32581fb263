import { beforeEach, expect, test } from 'vitest'
import { MemoryStore, type SessionStore } from '../../src/index.js'
import { migrating } from '../../src/migrate.js'
import { FaultyStore, ManualClock } from '../../src/testing.js'
import { over, type SiteOptions } from '../support/site.js'
import { listOf, userOf, useSites } from '../users/fixture.js'

// Servers of two neighbouring phases run side by side in every rolling deploy.

const DAY = 86_400_000
const START = Date.UTC(2030, 0, 1)
const UNTIL = new Date(START + 30 * DAY)
/** The phase that reads hashed ids, and the one that moves sessions to them. */
const READS = { hashIds: { hashedUntil: UNTIL } }
const MOVES = { hashIds: { plainUntil: UNTIL } }

const serveAt = useSites()
let clock: ManualClock
beforeEach(() => {
  clock = new ManualClock(START)
})
const now = () => clock.now()
const start = (store: SessionStore, options: SiteOptions = {}) =>
  serveAt({ store, now, ...options })

test.each([
  'load',
  'create',
] as const)('endAll() ends a session that moves to its hash meanwhile: held at %s', async (at) => {
  const store = new MemoryStore({ now })
  const ends = new FaultyStore(store)
  const moves = new FaultyStore(store)
  const user = (await start(store, at === 'load' ? {} : { users: undefined })).browser()
  await user.get('/login')
  const bare = ({ key }: { key: string }) => key === `koa:sess:${user.jar.get('koa.sid')}`
  const move = moves.hold('replace', { where: bare })
  const reading = over(user, await start(moves, MOVES)).get('/read')
  await move.arrived
  const site = await start(ends, MOVES)
  const block = ends.hold('create')
  const end = ends.hold('replace', { where: bare })
  const ending = site.session.of('ada').endAll()
  await block.arrived
  move.release()
  await reading
  end.release()
  block.release()
  await ending
  expect(await userOf(over(user, site))).toBe(undefined)
})

test.each([
  1, 2,
])('endAll() after a move that failed at its write %i: the session stays ended', async (nth) => {
  const store = new MemoryStore({ now })
  const user = (await start(store, { users: undefined })).browser()
  await user.get('/login')
  const faulty = new FaultyStore(store)
  const site = await start(faulty, MOVES)
  faulty.fail('replace', { nth, where: ({ key }) => key === `koa:sess:${user.jar.get('koa.sid')}` })
  await over(user, site).get('/read')
  await site.session.of('ada').endAll()
  expect(await userOf(over(user, site))).toBe(undefined)
  clock.advance(11_000)
  expect(await userOf(over(user, site))).toBe(undefined)
})

test.each([
  [{}, MOVES],
  [READS, MOVES],
  [MOVES, READS],
])('endOthers() keeps the session that was listed in another phase: %j, then %j', async (one, two) => {
  const store = new MemoryStore({ now })
  const user = (await start(store, one)).browser()
  await user.get('/login')
  const site = await start(store, two)
  await over(user, site).get('/end-others')
  expect(await userOf(over(user, site))).toBe('ada')
  expect((await listOf(over(user, site))).map(({ current }) => current)).toEqual([true])
})

test.each([
  READS,
  MOVES,
])('a write that comes after the mark of the move has gone is kept: %j', async (options) => {
  const store = new MemoryStore({ now })
  const faulty = new FaultyStore(store)
  const user = (await start(store)).browser()
  await user.get('/login')
  const hold = faulty.hold('replace')
  const writing = over(user, await start(faulty, options)).get('/set')
  await hold.arrived
  const next = await start(store, MOVES)
  await over(user, next).get('/read')
  clock.advance(11_000)
  hold.release()
  expect((await writing).status).toBe(200)
  expect((await over(user, next).get('/read')).json()).toEqual({ user: 'ada', x: 1 })
})

test('two requests move a session to its hash while the store migrates', async () => {
  const from = new FaultyStore(new MemoryStore({ now }))
  const to = new MemoryStore({ now })
  const user = (await start(from)).browser()
  await user.get('/login')
  const site = await start(migrating({ from, to, now }), MOVES)
  const hold = from.hold('load', {
    where: ({ key }) => key === `koa:sess:${user.jar.get('koa.sid')}`,
  })
  const reading = over(user, site).get('/read')
  await hold.arrived
  await over(user, site).get('/read')
  hold.release()
  expect((await reading).json()).toEqual({ user: 'ada' })
})

test('a rolling read does not keep the mark of a move for ever', async () => {
  const store = new MemoryStore({ now })
  const user = (await start(store, READS)).browser()
  await user.get('/login')
  await over(user, await start(store, MOVES)).get('/read')
  await over(user, await start(store, { ...READS, rolling: true })).get('/read')
  clock.advance(3650 * DAY)
  expect(store.load(`koa:sess:${user.jar.get('koa.sid')}`)).toBe(undefined)
})
