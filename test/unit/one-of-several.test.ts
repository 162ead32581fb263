import cluster from 'node:cluster'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'

// Each test compiles the package anew, which takes seconds where all processors are busy.
vi.setConfig({ testTimeout: 60_000 })

beforeEach(() => {
  vi.resetModules()
  for (const name of ['pm_id', 'NODE_APP_INSTANCE']) vi.stubEnv(name, undefined)
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

/** The codes of the warnings of three middlewares with the same options. */
async function warnings(options: () => object): Promise<unknown[]> {
  const emitWarning = vi.spyOn(process, 'emitWarning').mockReturnValue()
  const { default: session } = await import('../../src/index.js')
  for (let count = 0; count < 3; count++) session(options()).close()
  return emitWarning.mock.calls.map(([, details]) => Reflect.get(Object(details), 'code'))
}

test('the default store in a worker of node:cluster warns once', async () => {
  vi.spyOn(cluster, 'isWorker', 'get').mockReturnValue(true)
  expect(await warnings(() => ({}))).toEqual(['KOA_SESS_MEMORY_CLUSTER'])
})

test.each([
  'pm_id',
  'NODE_APP_INSTANCE',
])('the default store under PM2 (%s) warns once', async (name) => {
  vi.stubEnv(name, '0')
  expect(await warnings(() => ({}))).toEqual(['KOA_SESS_MEMORY_CLUSTER'])
})

test('a process of its own does not warn', async () => {
  expect(await warnings(() => ({}))).toEqual([])
})

test('a store that was passed does not warn, a MemoryStore neither', async () => {
  vi.stubEnv('pm_id', '0')
  const { MemoryStore } = await import('../../src/index.js')
  expect(await warnings(() => ({ store: new MemoryStore() }))).toEqual([])
})
