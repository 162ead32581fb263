import { Redis } from 'ioredis'
import { Redis as Valkey } from 'iovalkey'
import { beforeEach, describe, expect, test, vi } from 'vitest'

const sentinels = [{ host: '127.0.0.1', port: 1 }]
const lazy = { lazyConnect: true } as const

// The warning is emitted once in a process: each test imports the store anew.
beforeEach(() => vi.resetModules())

/** The codes of the warnings that stores on these clients cause. */
async function warningsOf(...clients: (Redis | Valkey)[]): Promise<unknown[]> {
  const { RedisStore } = await import('../../src/stores/redis/store.js')
  const spy = vi.spyOn(process, 'emitWarning').mockImplementation(() => undefined)
  for (const client of clients) {
    new RedisStore({ client }).close()
    client.disconnect()
  }
  const calls: unknown[][] = spy.mock.calls
  spy.mockRestore()
  return calls.map(([message, options]) => [message, options])
}

interface Options {
  sentinels?: typeof sentinels
  name?: string
  failoverDetector?: boolean
  lazyConnect: true
}

describe.each<[string, (options: Options) => Redis | Valkey]>([
  ['ioredis', (options) => new Redis(options)],
  ['iovalkey', (options) => new Valkey(options)],
])('a client of %s by Sentinel', (_name, connect) => {
  test('without failoverDetector: one warning, which says what to set', async () => {
    const clients = [1, 2].map(() => connect({ sentinels, name: 'x', ...lazy }))
    expect(await warningsOf(...clients)).toEqual([
      [expect.stringMatching(/failoverDetector: true/), { code: 'KOA_SESS_SENTINEL_FAILOVER' }],
    ])
  })

  test('with it, or to one server: no warning', async () => {
    const options = [{ sentinels, name: 'x', failoverDetector: true }, {}]
    expect(await warningsOf(...options.map((one) => connect({ ...one, ...lazy })))).toEqual([])
  })
})
