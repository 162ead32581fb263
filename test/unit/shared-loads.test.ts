import { setImmediate as turn } from 'node:timers/promises'
import { expect, test, vi } from 'vitest'
import { SharedLoads } from '../../src/record/shared-loads.js'
import { StoreGuard } from '../../src/record/store-guard.js'
import { RecordTable } from '../../src/record/table.js'
import { MemoryStore } from '../../src/stores/memory/store.js'

const KEY = 'a'

test('a read is shared in its turn, and not in the next one', async () => {
  const loads = new SharedLoads()
  const load = Promise.resolve('value')
  expect(loads.pending(KEY)).toBeUndefined()
  loads.add(KEY, load)
  expect(loads.pending(KEY)).toBe(load)
  expect(loads.pending('b')).toBeUndefined()
  await turn()
  expect(loads.pending(KEY)).toBeUndefined()
})

function tableOf(load: MemoryStore['load'] | (() => Promise<string>)) {
  const store = new MemoryStore()
  const spy = vi.spyOn(store, 'load').mockImplementation(load as MemoryStore['load'])
  return { spy, table: new RecordTable(store, new StoreGuard(store, 1000)) }
}

test('asks again in a later turn, even while the first answer is outstanding', async () => {
  const { spy, table } = tableOf(() => new Promise<string>(() => undefined))
  void table.load('get', KEY)
  await turn()
  void table.load('get', KEY)
  expect(spy).toHaveBeenCalledTimes(2)
})

test('keeps no answer that is there at once: the next request may have written', () => {
  const { spy, table } = tableOf(() => 'value')
  table.load('get', KEY)
  table.load('get', KEY)
  expect(spy).toHaveBeenCalledTimes(2)
})

test('all that ask get the same failure, and the next turn asks anew', async () => {
  const { spy, table } = tableOf(async () => 'up')
  spy.mockRejectedValueOnce(new Error('down'))
  const answers = await Promise.allSettled([table.load('get', KEY), table.load('get', KEY)])
  expect(answers.map(({ status }) => status)).toEqual(['rejected', 'rejected'])
  await turn()
  expect(await table.load('get', KEY)).toBe('up')
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
