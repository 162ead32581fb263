import { once } from 'node:events'
import { describe, expect, test, vi } from 'vitest'
import { MemoryStore } from '../../src/index.js'
import { cutOut, heldBytes } from '../support/heap.js'

const LATER = Date.now() + 60_000

describe('MemoryStore', () => {
  test('L2: holds at most max sessions; the least recently used one goes, and that is said once', async () => {
    const warned = once(process, 'warning')
    const warnings: Error[] = []
    const note = (warning: Error) => warnings.push(warning)
    process.on('warning', note)
    const store = new MemoryStore({ max: 3 })
    for (const key of ['a', 'b', 'c']) store.create(key, key, LATER)
    store.load('a')
    store.touch('b', LATER)
    store.create('d', 'd', LATER)
    expect(['a', 'b', 'c', 'd'].map((key) => store.load(key))).toEqual(['a', 'b', undefined, 'd'])
    for (let count = 0; count < 100; count++) store.create(`more-${count}`, 'x', LATER)
    expect(store.size).toBe(3)
    await warned
    await new Promise(setImmediate)
    process.off('warning', note)
    expect(warnings).toMatchObject([{ code: 'KOA_SESS_MEMORY_FULL' }])
  })

  test('the list of a user is not evicted, and max does not count it', () => {
    const store = new MemoryStore({ max: 2 })
    const list = `koa:sess:&${'h'.repeat(43)}`
    store.create(list, '{}', LATER)
    for (const key of ['a', 'b', 'c', 'd']) store.create(key, key, LATER)
    expect(store.load(list)).toBe('{}')
    expect(['a', 'b', 'c', 'd'].filter((key) => store.load(key))).toEqual(['c', 'd'])
    store.replace(list, '{}', '{"x":1}', LATER)
    expect(store.destroy(list)).toBe(true)
    store.create('e', 'e', LATER)
    expect(['c', 'd', 'e'].filter((key) => store.load(key))).toEqual(['d', 'e'])
  })

  test('lists above maxBytes leave the sessions alone, and maxBytes still bounds these', () => {
    const store = new MemoryStore({ maxBytes: 5000 })
    const list = (user: number) => `koa:sess:&${String(user).padStart(43, '0')}`
    for (let user = 0; user < 20; user++) store.create(list(user), 'x'.repeat(200), LATER)
    store.replace(list(0), 'x'.repeat(200), 'x'.repeat(2000), LATER)
    expect(store.bytes).toBeGreaterThan(10_000)
    expect(store.create('a', 'x'.repeat(900), LATER)).toBe(true)
    expect(store.create('b', 'x'.repeat(900), LATER)).toBe(true)
    expect([store.load('a'), store.load('b')]).toEqual(['x'.repeat(900), 'x'.repeat(900)])
    store.create('c', 'x'.repeat(900), LATER)
    expect([store.load('a'), store.load('c')]).toEqual([undefined, 'x'.repeat(900)])
    for (let user = 0; user < 20; user++) store.destroy(list(user))
    for (const key of ['b', 'c']) store.destroy(key)
    expect(store.bytes).toBe(0)
  })

  test.each([0, -1, Number.NaN, '5', null])('max %j is refused', (max) => {
    const make = () => new MemoryStore({ max: max as number })
    expect(make).toThrow(expect.objectContaining({ code: 'ERR_SESSION_DURATION' }))
  })

  test('holds at most maxBytes; the least recently used sessions go first', () => {
    const size = (key: string, value: string) => 200 + 2 * (key.length + value.length)
    const big = 'x'.repeat(50_000)
    const store = new MemoryStore({ maxBytes: 3 * size('a', big) })
    for (const key of ['a', 'b', 'c']) store.create(key, big, LATER)
    expect(store.bytes).toBe(3 * size('a', big))
    store.load('a')
    store.create('d', big, LATER)
    expect(['a', 'b', 'c', 'd'].map((key) => store.load(key) !== undefined)).toEqual([
      true,
      false,
      true,
      true,
    ])
    // A record that grows makes room as well, and one that shrinks gives it back.
    store.replace('d', big, big + big, LATER)
    expect(store.load('a')).toBe(undefined)
    store.replace('d', big + big, 'x', LATER)
    store.destroy('c')
    expect(store.bytes).toBe(size('d', 'x'))
    store.destroy('d')
    expect([store.bytes, store.size]).toEqual([0, 0])
  })

  test('the default bound keeps 10,207 sessions of 50 KB from filling a process', () => {
    const store = new MemoryStore()
    const big = 'x'.repeat(50_000)
    for (let count = 0; count < 3000; count++) store.create(`${count}`, big, LATER)
    expect(store.size).toBeGreaterThan(1000)
    expect(store.size * 50_000).toBeLessThan(134_217_728)
    expect(store.load('2999')).toBe(big)
  })

  test('small sessions are bounded by their number, with the defaults', () => {
    const store = new MemoryStore()
    const value = 'x'.repeat(300)
    for (let count = 0; count < 1000; count++) store.create(`koa:sess:${count}`, value, LATER)
    // The default of max is a hundred times as many.
    expect(100 * store.bytes).toBeLessThan(134_217_728)
  })

  test('a record larger than maxBytes is refused, and evicts nothing', () => {
    const store = new MemoryStore({ maxBytes: 1000 })
    store.create('a', 'x', LATER)
    const refused = expect.objectContaining({ code: 'ERR_SESSION_SIZE' })
    expect(() => store.create('b', 'x'.repeat(1000), LATER)).toThrow(refused)
    expect(() => store.replace('a', 'x', 'x'.repeat(1000), LATER)).toThrow(refused)
    expect(store.load('a')).toBe('x')
  })

  test.each([0, -1, Number.NaN, '5', null])('maxBytes %j is refused', (maxBytes) => {
    const make = () => new MemoryStore({ maxBytes: maxBytes as number })
    expect(make).toThrow(expect.objectContaining({ code: 'ERR_SESSION_OPTION' }))
  })

  test('expired sessions go as others are used', () => {
    let time = 0
    const store = new MemoryStore({ now: () => time })
    for (let count = 0; count < 1000; count++) store.create(`short-${count}`, 'x', 10)
    expect(store.size).toBe(1000)
    time = 10
    for (let count = 0; count < 600; count++) store.create(`long-${count}`, 'x', 1000)
    expect(store.size).toBe(600)
  })

  test('L2: its timer keeps no process alive', () => {
    const timers = () => process.getActiveResourcesInfo().filter((name) => name === 'Timeout')
    const before = timers().length
    const store = new MemoryStore()
    store.create('key', 'x', LATER)
    expect(timers()).toHaveLength(before)
  })

  test('expired sessions go while nothing happens, and then the watch ends', () => {
    vi.useFakeTimers({ now: 0 })
    const store = new MemoryStore()
    for (let count = 0; count < 2000; count++) store.create(`short-${count}`, 'x', 10)
    expect([store.size, vi.getTimerCount()]).toEqual([2000, 1])
    // A slice at a time.
    vi.advanceTimersByTime(200)
    expect(store.size).toBeGreaterThan(1000)
    vi.advanceTimersByTime(800)
    expect([store.size, vi.getTimerCount()]).toEqual([0, 0])
    store.create('again', 'x', 5000)
    vi.advanceTimersByTime(1000)
    expect([store.size, vi.getTimerCount()]).toEqual([1, 1])
    vi.useRealTimers()
  })

  test('L2: the Cookie header that an id was cut out of is not kept', () => {
    const store = new MemoryStore()
    const sid = (index: number) => `session-${index}`.padEnd(32, '-')
    const cut = (index: number) => cutOut(sid(index))
    for (let index = 0; index < 2000; index++) store.create(sid(index), 'x', LATER)
    const before = heldBytes()
    for (let index = 0; index < 2000; index++) {
      const wanted = index % 2 === 0 ? store.load(cut(index)) : store.touch(cut(index), LATER + 1)
      expect(wanted).toBeTruthy()
      store.replace(cut(index), 'x', 'y', LATER)
    }
    expect(heldBytes() - before).toBeLessThan(4_000_000)
    expect(store.size).toBe(2000)
  })

  test('no reference to a session leads in or out', async () => {
    const store = new MemoryStore()
    const session = { cart: ['tea'] }
    await store.set('key', session, 1000)
    session.cart.push('cup')
    const read = await store.get('key')
    expect(read).toEqual({ cart: ['tea'] })
    Object.assign(read ?? {}, { cart: [] })
    expect(await store.get('key')).toEqual({ cart: ['tea'] })
  })

  test('answers get, set and destroy; a ttl that is none means a day', async () => {
    let time = 0
    const store = new MemoryStore({ now: () => time })
    for (const ttl of [undefined, 0, Number.NaN, 'session', null]) {
      await store.set('key', { a: 1 }, ttl)
      time += 86_399_999
      expect(await store.get('key')).toEqual({ a: 1 })
      time += 1
      expect(await store.get('key')).toBe(undefined)
    }
    await store.set('key', { a: 1 }, -5)
    expect(await store.get('key')).toBe(undefined)
    expect(store.destroy('key')).toBe(false)
  })
})
