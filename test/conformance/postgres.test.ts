import { Pool } from 'pg'
import postgres from 'postgres'
import { afterAll, describe, it } from 'vitest'
import { PostgresStore, type PostgresStoreOptions } from '../../src/stores/sql/postgres.js'
import { ManualClock, testStore } from '../../src/testing.js'
import { PostgresServer } from '../services/postgres.js'
import { inTurn } from './in-turn.js'

const server = await PostgresServer.start()
const connectionString = server.url
const pools = Array.from({ length: 4 }, () => new Pool({ connectionString, max: 4 }))
// An idle connection that breaks is an event of the pool, and no store listens between two tests.
for (const pool of pools) pool.on('error', () => undefined)
const others = Array.from({ length: 4 }, () =>
  postgres(connectionString, { max: 4, backoff: () => 0.02, onnotice: () => undefined }),
)
afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.end()))
  await Promise.all(others.map((client) => client.end({ timeout: 0 })))
  await server[Symbol.asyncDispose]()
})

const clock = new ManualClock()
const outage = { down: () => server.stop(), up: () => server.start() }

function open(options: PostgresStoreOptions) {
  const store = new PostgresStore({ now: clock.now, pruneInterval: 0, ...options })
  return { store, close: () => store.close() }
}

for (const client of [...pools, ...others]) {
  const { store, close } = open({ client })
  await store.setup()
  close()
}

const onPg = inTurn(pools, (client) => open({ client }))
const unprepared = inTurn(pools, (client) => open({ client, prepare: false }))
const onPostgresJs = inTurn(others, (client) => open({ client }))

const options = { describe, it, clock, outage, connections: 4 }
testStore(onPg, { ...options, name: 'PostgresStore on pg' })
// As many as race in the first suite would say no more in these.
const fewer = { ...options, writers: 6 }
testStore(unprepared, { ...fewer, strong: false, name: 'the same by get, set, destroy' })
testStore(onPostgresJs, { ...fewer, name: 'PostgresStore on postgres.js' })
