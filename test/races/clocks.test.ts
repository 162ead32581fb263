import { randomUUID } from 'node:crypto'
import { Redis } from 'ioredis'
import { afterAll, afterEach, describe, expect, inject, test } from 'vitest'
import { MemoryStore, type SessionStore } from '../../src/index.js'
import { RedisStore } from '../../src/stores/redis/store.js'
import { BASICS, type Routes, type Site, type SiteOptions, serve } from '../support/site.js'

const ROUTES: Routes = {
  ...BASICS,
  '/login': (ctx) => {
    ctx.regenerateSession()
    ctx.session.user = 'ada'
  },
}

const redis = new Redis(inject('redisUrl'))
afterAll(() => redis.quit())

const sites: Site[] = []
const stores: RedisStore[] = []
afterEach(async () => {
  for (const site of sites.splice(0)) await site.close()
  for (const store of stores.splice(0)) store.close()
})

interface Kind {
  name: string
  /** The store of each server, which has its clock. */
  make(): (now: () => number) => SessionStore
}

const KINDS: Kind[] = [
  {
    name: 'MemoryStore',
    make() {
      const store = new MemoryStore()
      return () => store
    },
  },
  {
    name: 'RedisStore',
    make: () => (now) => {
      const store = new RedisStore({ client: redis, now })
      stores.push(store)
      return store
    },
  },
]

describe.each(KINDS)('two servers whose clocks differ, on one $name', ({ make }) => {
  const MINUTE = 60_000

  async function start(skew: number, options: SiteOptions) {
    const storeOf = make()
    const prefix = `clocks:${randomUUID()}:`
    const open = async (now: () => number) => {
      const site = await serve(ROUTES, { store: storeOf(now), now, prefix, ...options })
      sites.push(site)
      return site
    }
    const [here, there] = [await open(Date.now), await open(() => Date.now() + skew)]
    const user = here.browser()
    await user.get('/set')
    return { user, late: user.cookie, here, there }
  }

  describe.each([MINUTE, -MINUTE, 50 * MINUTE])('by %i ms', (skew) => {
    test.each([
      ['/logout', {}],
      ['/login', {}],
      ['/logout', { rolling: true }],
      ['/login', { rolling: true }],
    ])('%s on the one, and late requests on the other (%j)', async (end, options) => {
      const { user, late, here, there } = await start(skew, options)
      await user.get(end)
      for (const { origin } of [there, here, there, here]) {
        const reply = await user.get(`${origin}/set`, { cookie: late })
        expect([reply.status, reply.cookies]).toEqual([200, []])
      }
    })
  })

  test('a tombstone that a store keeps for too long blocks its id for an hour at the most', async () => {
    const { user, late, there } = await start(61 * MINUTE, {})
    await user.get('/logout')
    const reply = await user.get(`${there.origin}/set`, { cookie: late })
    expect(reply.cookies).toHaveLength(2)
  })
})
