import { expect, test } from 'vitest'
import { attemptWith, named } from '../../src/cli/named-store.js'
import { StoreError } from '../../src/cli/store-error.js'
import { UsageError } from '../../src/cli/usage.js'
import { MemoryStore } from '../../src/index.js'
import { FaultyStore } from '../../src/testing.js'

const refused = Object.assign(new Error('redis://user:secret@host'), { code: 'ECONNREFUSED' })

test.each([
  'load',
  'create',
  'replace',
  'touch',
  'destroy',
  'scan',
] as const)('an error of %s says which store it was, and why', async (method) => {
  const store = new MemoryStore()
  Reflect.set(store, method, () => Promise.reject(refused))
  const opened = named(attemptWith('to', 'redis://host'), { store, close() {} })
  const call: unknown = Reflect.get(opened.store, method)
  if (typeof call !== 'function') throw new Error(`${method} is missing`)
  const failure: unknown = await Promise.resolve(call('key')).catch((error: unknown) => error)
  expect(failure).toBeInstanceOf(StoreError)
  expect(String(failure)).toContain('--to (redis://host): the connection was refused')
  expect(String(failure)).not.toContain('secret')
})

test('a store that never answers has failed', async () => {
  const store = new FaultyStore(new MemoryStore())
  const held = store.hold('load')
  const opened = named(attemptWith('from', 'a.mjs', 10), { store, close() {} })
  // The limit keeps no process alive by itself.
  const alive = setInterval(() => undefined, 1000)
  await expect(opened.store.load('key')).rejects.toThrow(
    '--from (a.mjs): it did not answer in time (ETIMEDOUT)',
  )
  clearInterval(alive)
  held.release()
})

test('wrong usage stays wrong usage', async () => {
  const wrong = new UsageError('there is no such module')
  const attempt = attemptWith('from', 'a.mjs')
  await expect(attempt(() => Promise.reject(wrong))).rejects.toBe(wrong)
})

test('a store without scan has none', () => {
  const { load, create, replace, touch, destroy } = new MemoryStore()
  const store = { load, create, replace, touch, destroy }
  expect(named(attemptWith('from', 'a'), { store, close() {} }).store.scan).toBeUndefined()
})
