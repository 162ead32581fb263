import { Redis } from 'ioredis'
import { describe, inject, it } from 'vitest'
import { MemoryStore } from '../../src/index.js'
import { migrating } from '../../src/stores/migrating/store.js'
import { RedisStore } from '../../src/stores/redis/store.js'
import { FaultyStore, ManualClock, testStore } from '../../src/testing.js'
import { beginsInFrom } from '../support/backends.js'

const clock = new ManualClock()
const { now } = clock
const memory = () => new MemoryStore({ now })
const create = () => migrating({ from: memory(), to: memory(), now })
const still = () => migrating({ from: memory(), to: memory(), now, move: false })

testStore(create, { describe, it, clock, name: 'migrating' })
testStore(still, { describe, it, clock, name: 'migrating, and nothing moves yet' })
testStore(() => beginsInFrom(memory(), memory(), now), {
  describe,
  it,
  clock,
  name: 'migrating, all sessions begin in from',
})

for (const away of ['from', 'to'] as const) {
  let stores = { from: new FaultyStore(memory()), to: new FaultyStore(memory()) }
  const outage = { down: () => stores[away].down(), up: () => stores[away].up(), patience: 50 }
  const open = () => {
    stores = { from: new FaultyStore(memory()), to: new FaultyStore(memory()) }
    return migrating({ ...stores, now })
  }
  testStore(open, { describe, it, clock, outage, name: `migrating, where ${away} fails` })
}

/** Two databases of one server. */
const onRedis = () => {
  const [from, to] = [0, 1].map((db) => new Redis(inject('redisUrl'), { db }))
  if (!from || !to) throw new Error('two clients')
  const store = beginsInFrom(new RedisStore({ client: from }), new RedisStore({ client: to }))
  return { store, close: () => Promise.all([from.quit(), to.quit()]) }
}
testStore(onRedis, { describe, it, connections: 3, name: 'migrating from Redis to Redis' })
