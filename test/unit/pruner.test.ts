import { setFlagsFromString } from 'node:v8'
import { runInNewContext } from 'node:vm'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { Pruner } from '../../src/stores/sql/pruner.js'

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
  const pruner = new Pruner(target, 100)
  await vi.advanceTimersByTimeAsync(350)
  expect(target.turns).toBe(3)
  pruner.stop()
  await vi.advanceTimersByTimeAsync(1000)
  expect(target.turns).toBe(3)
})

test('a turn that comes while one is under way is left out', async () => {
  let end = () => {}
  const target = counting(() => new Promise<void>((resolve) => (end = resolve)))
  const pruner = new Pruner(target, 100)
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
    new Pruner(target, 1)
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
