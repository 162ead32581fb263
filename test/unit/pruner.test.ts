import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, describe, expect, type MockInstance, test, vi } from 'vitest'
import { PostgresStore } from '../../src/stores/sql/postgres.js'
import { Pruner } from '../../src/stores/sql/pruner.js'
import { unavailable } from '../../src/util/errors.js'

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval'] })
})
afterEach(() => {
  vi.useRealTimers()
})

function counting(answer: () => Promise<unknown>) {
  const target = {
    turns: 0,
    prune() {
      target.turns++
      return answer()
    },
  }
  return target
}

test('it prunes at every turn, a failure notwithstanding, until it is stopped', async () => {
  const target = counting(() => Promise.reject(new Error('no')))
  const pruner = new Pruner(target, 100, 'SomeStore')
  await vi.advanceTimersByTimeAsync(350)
  expect(target.turns).toBe(3)
  pruner.stop()
  await vi.advanceTimersByTimeAsync(1000)
  expect(target.turns).toBe(3)
})

describe('pruning that fails', () => {
  const notices: unknown[] = []
  const note = (notice: unknown) => notices.push(notice)
  let warn: MockInstance<typeof process.emitWarning>
  beforeEach(() => {
    notices.length = 0
    subscribe('koa-sess:prune-failed', note)
    warn = vi.spyOn(process, 'emitWarning').mockReturnValue()
  })
  afterEach(() => {
    unsubscribe('koa-sess:prune-failed', note)
    warn.mockRestore()
  })

  test('every time is one warning, and an event each time', async () => {
    const error = new Error('permission denied for table koa_sess')
    const target = counting(() => Promise.reject(error))
    const pruner = new Pruner(target, 100, 'SomeStore')
    await vi.advanceTimersByTimeAsync(250)
    expect(warn).not.toHaveBeenCalled()
    await vi.advanceTimersByTimeAsync(750)
    pruner.stop()
    expect(warn.mock.calls).toEqual([
      [
        expect.stringMatching(/SomeStore failed .* 3 times in a row.*permission denied/),
        { code: 'KOA_SESS_PRUNE_FAILED' },
      ],
    ])
    // The pruner alone does not keep its target alive.
    expect(target.turns).toBe(10)
    expect(notices).toHaveLength(10)
    expect(notices[0]).toEqual({ event: 'prune-failed', store: 'SomeStore', failures: 1, error })
    expect(notices[9]).toMatchObject({ failures: 10 })
  })

  test.each([
    [20, 30_000],
    [40_000, 40_000],
  ])('with a commandTimeout of %i ms, a DELETE without an answer fails after %i ms', async (commandTimeout, limit) => {
    vi.useFakeTimers()
    const query = vi.fn(() => new Promise<never>(() => undefined))
    const client = { query, connect: query, on() {}, off() {} }
    const store = new PostgresStore({ client, commandTimeout })
    await vi.advanceTimersByTimeAsync(60_000 + limit - 1)
    expect([query.mock.calls.length, notices.length]).toEqual([1, 0])
    await vi.advanceTimersByTimeAsync(2)
    expect(notices).toMatchObject([{ store: 'PostgresStore', failures: 1 }])
    await vi.advanceTimersByTimeAsync(120_000)
    store.close()
    expect([query.mock.calls.length, notices.length]).toEqual([3, 3])
    const reason = `did not answer within the limit of a batch (${limit} ms)`
    const code = 'KOA_SESS_PRUNE_FAILED'
    expect(warn.mock.calls).toEqual([[expect.stringContaining(reason), { code }]])
  })

  test('now and then is no warning', async () => {
    let turn = 0
    const answer = () => (++turn % 3 ? Promise.reject(new Error('down')) : Promise.resolve())
    const target = counting(answer)
    const pruner = new Pruner(target, 100, 'SomeStore')
    await vi.advanceTimersByTimeAsync(1000)
    pruner.stop()
    expect(target.turns).toBe(10)
    expect(notices).toHaveLength(7)
    expect(warn).not.toHaveBeenCalled()
  })

  test('the warning has the reason of the driver, where the error is a 503', async () => {
    const error = unavailable('The session database cannot be reached', new Error('read-only'))
    const target = counting(() => Promise.reject(error))
    const pruner = new Pruner(target, 100, 'SomeStore')
    await vi.advanceTimersByTimeAsync(300)
    pruner.stop()
    expect(target.turns).toBe(3)
    expect(warn.mock.calls[0]?.[0]).toContain('read-only')
  })
})

test('a turn that comes while one is under way is left out', async () => {
  let end = () => {}
  const target = counting(() => new Promise<void>((resolve) => (end = resolve)))
  const pruner = new Pruner(target, 100, 'SomeStore')
  await vi.advanceTimersByTimeAsync(500)
  expect(target.turns).toBe(1)
  end()
  await vi.advanceTimersByTimeAsync(100)
  expect(target.turns).toBe(2)
  pruner.stop()
})

test('0 is never', () => {
  new Pruner(
    counting(async () => undefined),
    0,
    'SomeStore',
  )
  expect(vi.getTimerCount()).toBe(0)
})

test('it keeps neither the process nor its store alive', async () => {
  setFlagsFromString('--expose-gc')
  const collect: () => void = runInNewContext('gc')
  vi.useRealTimers()
  const timers = vi.spyOn(globalThis, 'setInterval')
  const start = () => {
    const target = counting(async () => undefined)
    new Pruner(target, 1, 'SomeStore')
    return new WeakRef(target)
  }
  const held = start()
  const timer: NodeJS.Timeout = timers.mock.results[0]?.value
  timers.mockRestore()
  expect(timer.hasRef()).toBe(false)
  await expect
    .poll(() => {
      collect()
      return held.deref() === undefined
    })
    .toBe(true)
  // The store was collected, and its timer stops.
  await expect.poll(() => Reflect.get(timer, '_destroyed')).toBe(true)
})
