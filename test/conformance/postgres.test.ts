import { Pool } from 'pg'
import postgres from 'postgres'
import { afterAll, describe, it } from 'vitest'
import { PostgresStore, type PostgresStoreOptions } from '../../src/stores/sql/postgres.js'
import { ManualClock, testStore } from '../../src/testing.js'
import { PostgresServer } from '../services/postgres.js'

const server = await PostgresServer.start()
afterAll(() => server[Symbol.asyncDispose]())

const clock = new ManualClock()
const outage = { down: () => server.stop(), up: () => server.start() }

async function open(options: PostgresStoreOptions, end: () => Promise<unknown>) {
  const store = new PostgresStore({ now: clock.now, pruneInterval: 0, ...options })
  await store.setup()
  const close = () => {
    store.close()
    return end()
  }
  return { store, close }
}

const onPg = (prepare = true) => {
  const client = new Pool({ connectionString: server.url })
  return open({ client, prepare }, () => client.end())
}
const onPostgresJs = () => {
  const client = postgres(server.url, { max: 4, backoff: () => 0.02, onnotice: () => undefined })
  return open({ client }, () => client.end({ timeout: 0 }))
}

const options = { describe, it, clock, outage, connections: 4 }
testStore(() => onPg(), { ...options, name: 'PostgresStore on pg' })
testStore(() => onPg(false), { ...options, strong: false, name: 'the same by get, set, destroy' })
testStore(onPostgresJs, { ...options, name: 'PostgresStore on postgres.js' })
