import cluster from 'node:cluster'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import session, { MemoryStore } from '../../src/index.js'

const MODULE = '../../src/stores/memory/one-of-several.js'

beforeEach(() => {
  // The module remembers that it has warned.
  vi.resetModules()
  for (const name of ['pm_id', 'NODE_APP_INSTANCE']) vi.stubEnv(name, undefined)
})
afterEach(() => {
  vi.restoreAllMocks()
  vi.unstubAllEnvs()
})

/** The codes of the warnings of some work. */
function warnings(work: () => unknown): unknown[] {
  const emitWarning = vi.spyOn(process, 'emitWarning').mockReturnValue()
  work()
  return emitWarning.mock.calls.map(([, details]) => Reflect.get(Object(details), 'code'))
}

/** The codes of the warnings of three middlewares with the default store. */
async function warningsOfThree(): Promise<unknown[]> {
  const { warnIfOneOfSeveral }: typeof import('../../src/stores/memory/one-of-several.js') =
    await import(MODULE)
  return warnings(() => {
    for (let count = 0; count < 3; count++) warnIfOneOfSeveral()
  })
}

test('the default store in a worker of node:cluster warns once', async () => {
  vi.spyOn(cluster, 'isWorker', 'get').mockReturnValue(true)
  expect(await warningsOfThree()).toEqual(['KOA_SESS_MEMORY_CLUSTER'])
})

test.each([
  'pm_id',
  'NODE_APP_INSTANCE',
])('the default store under PM2 (%s) warns once', async (name) => {
  vi.stubEnv(name, '0')
  expect(await warningsOfThree()).toEqual(['KOA_SESS_MEMORY_CLUSTER'])
})

test('a process of its own does not warn', async () => {
  expect(await warningsOfThree()).toEqual([])
})

test('only the default store warns: one that was passed does not, a MemoryStore neither', () => {
  vi.stubEnv('pm_id', '0')
  expect(warnings(() => session({ store: new MemoryStore() }).close())).toEqual([])
  expect(warnings(() => session().close())).toEqual(['KOA_SESS_MEMORY_CLUSTER'])
})
