import { EventEmitter } from 'node:events'
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest'
import type { LegacyStore } from '../../src/index.js'
import { type StoreCall, StoreFailure, StoreGuard } from '../../src/record/store-guard.js'

class Store extends EventEmitter implements LegacyStore {
  get = () => null
  set = () => null
  destroy = () => null
}

describe('the gate to a store', () => {
  let store: Store
  let gate: StoreGuard
  beforeEach(() => {
    vi.useFakeTimers({ toFake: ['setTimeout', 'clearTimeout'] })
    store = new Store()
    gate = new StoreGuard(store, 10_000)
  })
  afterEach(() => {
    gate.close()
    vi.useRealTimers()
  })

  const ask = async () => {
    try {
      return await gate.call('get', () => 'answer')
    } catch (failure) {
      if (!(failure instanceof StoreFailure)) throw failure
      return `${failure.error.code} ${failure.error.status}`
    }
  }
  const LATE = 'ERR_SESSION_UNAVAILABLE 503'

  test('is open while the store says nothing', async () => {
    expect(await ask()).toBe('answer')
  })

  test('a short outage is invisible: calls wait, and go on when the store is back', async () => {
    store.emit('disconnect')
    const waiting = [ask(), ask()]
    vi.advanceTimersByTime(9_999)
    store.emit('connect')
    expect(await Promise.all(waiting)).toEqual(['answer', 'answer'])
  })

  test('a long one fails the calls that wait and later ones, until the store is back', async () => {
    store.emit('disconnect')
    const waiting = ask()
    vi.advanceTimersByTime(10_000)
    expect(await waiting).toBe(LATE)
    expect(await ask()).toBe(LATE)
    store.emit('disconnect')
    expect(await ask()).toBe(LATE)
    store.emit('connect')
    expect(await ask()).toBe('answer')
  })

  test('the time of one outage does not run on into the next', async () => {
    store.emit('disconnect')
    vi.advanceTimersByTime(9_000)
    store.emit('connect')
    store.emit('disconnect')
    const waiting = ask()
    vi.advanceTimersByTime(9_000)
    store.emit('connect')
    expect(await waiting).toBe('answer')
    expect(vi.getTimerCount()).toBe(0)
  })

  test('an idle outage raises nothing and keeps no process alive', () => {
    vi.useRealTimers()
    const timers = () =>
      process.getActiveResourcesInfo().filter((name) => name === 'Timeout').length
    const before = timers()
    const idle = new StoreGuard(store, 60_000)
    store.emit('disconnect')
    expect(timers()).toBe(before)
    idle.close()
  })

  test('with a timeout of 0 a call waits for a moment at most', async () => {
    const hasty = new StoreGuard(store, 0)
    store.emit('disconnect')
    vi.advanceTimersByTime(1)
    await expect((async () => hasty.call('get', () => 1))()).rejects.toMatchObject({
      error: { status: 503 },
    })
    hasty.close()
  })

  test('close() fails who waits, and leaves no listener and no timer behind', async () => {
    store.emit('disconnect')
    const waiting = ask()
    gate.close()
    expect(await waiting).toBe(LATE)
    expect(store.listenerCount('connect') + store.listenerCount('disconnect')).toBe(0)
    expect(vi.getTimerCount()).toBe(0)
  })

  const asked = async (call: StoreCall, question: () => unknown) => gate.call(call, question)

  test('what the store throws is the cause, whatever it is', async () => {
    const cause = new Error('on fire')
    await expect(asked('set', () => Promise.reject(cause))).rejects.toMatchObject({
      call: 'set',
      error: { code: 'ERR_SESSION_STORE', status: 500, cause },
    })
    await expect(
      asked('destroy', () => {
        throw 'a text'
      }),
    ).rejects.toMatchObject({
      call: 'destroy',
      error: { code: 'ERR_SESSION_STORE', cause: 'a text' },
    })
  })
})
