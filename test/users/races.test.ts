import { describe, expect, test } from 'vitest'
import { ioredis, mysql, postgres, STRONG } from '../support/backends.js'
import { useSites } from './fixture.js'
import { burst, burstOnThree, loginTwiceAtEachCall, revokeAtEachCall, strong } from './schedules.js'

// The schedules that need a real server to be believed: a revocation at each store call of a login,
// and many logins at once.

const memory = STRONG.filter(({ name }) => name === 'MemoryStore' || name === 'migrating')
const start = useSites()

describe.each([...memory, ioredis, postgres, mysql])('$name', ({ open }) => {
  const modes: [string, object][] = [
    ['plain', {}],
    ['with hashIds and encryption', { hashIds: true, encryption: { keys: ['k'.repeat(32)] } }],
    ['while ids begin to be hashed', { hashIds: { plainUntil: new Date(Date.now() + 1e9) } }],
  ]
  describe.each(modes)('%s', (_, mode) => {
    test.each([
      '/login',
      '/login-here',
      '/login-by-update',
      '/rotate',
    ])('R3: endAll at any store call of %s', async (path) => {
      const { store, prefix, close } = await open()
      await revokeAtEachCall({ store: strong(store), prefix, start }, mode, path)
      await close()
    })

    test.each([1, 3])('R5: one login sent twice, where %s sessions may live', async (max) => {
      const { store, prefix, close } = await open()
      await loginTwiceAtEachCall({ store: strong(store), prefix, start }, mode, max)
      await close()
    })
  })

  test('R5: 64 logins of one user at once: the limit holds, with at most 70 compare-and-sets', async () => {
    const { store, prefix, close } = await open()
    expect(await burst({ store: strong(store), prefix, start })).toBeLessThanOrEqual(70)
    await close()
  })

  test('R5: logins of one user on three processes at once: the limit holds', async () => {
    const { store, prefix, close } = await open()
    await burstOnThree({ store: strong(store), prefix, start })
    await close()
  })
})
