import { setImmediate as turn } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { SharedLoads } from '../../src/record/shared-loads.js'
import { StoreGuard } from '../../src/record/store-guard.js'
import { RecordTable } from '../../src/record/table.js'
import { MemoryStore } from '../../src/stores/memory/store.js'

test('asks once for a key that is read twice in one turn', async () => {
  const loads = new SharedLoads()
  const read = vi.fn(async () => 'value')
  expect(await Promise.all([loads.load('a', read), loads.load('a', read)])).toEqual([
    'value',
    'value',
  ])
  expect(read).toHaveBeenCalledTimes(1)
})

test('asks again in a later turn, even while the first answer is outstanding', async () => {
  const loads = new SharedLoads()
  const read = vi.fn(() => new Promise<string>(() => undefined))
  void loads.load('a', read)
  await turn()
  void loads.load('a', read)
  expect(read).toHaveBeenCalledTimes(2)
})

test('asks for each key', () => {
  const loads = new SharedLoads()
  const read = vi.fn(async () => 'value')
  void loads.load('a', read)
  void loads.load('b', read)
  expect(read).toHaveBeenCalledTimes(2)
})

test('keeps no answer that is there at once: the next request may have written', () => {
  const loads = new SharedLoads()
  expect(loads.load('a', () => 'before')).toBe('before')
  expect(loads.load('a', () => 'after')).toBe('after')
})

test('all that ask get the same failure, and the next turn asks anew', async () => {
  const loads = new SharedLoads()
  const fail = vi.fn(async () => {
    throw new Error('down')
  })
  const answers = await Promise.allSettled([loads.load('a', fail), loads.load('a', fail)])
  expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  await turn()
  expect(await loads.load('a', async () => 'up')).toBe('up')
})

test('only a plain read is shared: one that extends, and one that a write makes, are not', async () => {
  const store = new MemoryStore()
  const load = vi.spyOn(store, 'load').mockResolvedValue('value')
  const table = new RecordTable(store, new StoreGuard(store, 1000))
  await Promise.all([table.load('get', 'a'), table.load('get', 'a')])
  expect(load).toHaveBeenCalledTimes(1)
  await turn()
  await Promise.all([table.load('get', 'a', 1), table.load('get', 'a', 1)])
  expect(load).toHaveBeenCalledTimes(3)
  await Promise.all([table.load('set', 'a'), table.load('destroy', 'a'), table.load('get', 'a')])
  expect(load).toHaveBeenCalledTimes(6)
})
