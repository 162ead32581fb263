import { expect, test, vi } from 'vitest'
import { CommandTimeout } from '../../src/stores/command-timeout.js'
import { heldBytes } from '../support/heap.js'

const never = () => new Promise<never>(() => undefined)

test('returns an answer in time, and rejects with the mapped failure', async () => {
  const timeout = new CommandTimeout(60_000, 'It')
  expect(await timeout.guard(Promise.resolve(1))).toBe(1)
  const failed = timeout.guard(Promise.reject(new Error('a')), () => new Error('b'))
  await expect(failed).rejects.toThrow('b')
})

test('what takes longer rejects, whatever stands before or after it in line', async () => {
  const timeout = new CommandTimeout(30, 'It')
  const answers = [timeout.guard(never()), timeout.guard(Promise.resolve(1))]
  const settled = await Promise.allSettled([...answers, timeout.guard(never())])
  expect(settled.map(({ status }) => status)).toEqual(['rejected', 'fulfilled', 'rejected'])
  await expect(timeout.guard(never())).rejects.toMatchObject({
    code: 'ERR_SESSION_UNAVAILABLE',
    status: 503,
  })
  expect(await timeout.guard(Promise.resolve(2))).toBe(2)
})

test('one timer at a time, however many wait', async () => {
  const timers = vi.spyOn(globalThis, 'setTimeout')
  const timeout = new CommandTimeout(60_000, 'It')
  await Promise.all(Array.from({ length: 1000 }, () => timeout.guard(Promise.resolve())))
  expect(timers).toHaveBeenCalledOnce()
  expect(timers.mock.results[0]?.value.hasRef()).toBe(false)
  timers.mockRestore()
})

// An answer has to weigh more than what V8 and other tests of this worker leave behind.
const LARGE = 50_000
const bytes = Buffer.alloc(LARGE, ' ')
/** Of one buffer: a buffer each is memory outside of the heap, which starts collections of another kind. */
function large(at: number): string {
  bytes.write(`${at}`)
  return bytes.toString('latin1')
}

test('an answer is not kept in memory while an earlier call waits', async () => {
  const timeout = new CommandTimeout(60_000, 'It')
  void timeout.guard(never())
  const before = heldBytes()
  for (let at = 0; at < 1000; at++) await timeout.guard(Promise.resolve(large(at)))
  expect(heldBytes() - before).toBeLessThan(200 * LARGE)
})
