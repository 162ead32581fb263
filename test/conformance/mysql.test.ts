import mysql from 'mysql2'
import { createPool } from 'mysql2/promise'
import { afterAll, describe, it } from 'vitest'
import { MysqlStore, type MysqlStoreOptions } from '../../src/stores/sql/mysql.js'
import { ManualClock, testStore } from '../../src/testing.js'
import { MariadbServer } from '../services/mariadb.js'

const server = await MariadbServer.start()
afterAll(() => server[Symbol.asyncDispose]())

const clock = new ManualClock()
const outage = { down: () => server.stop(), up: () => server.start() }

async function open(client: MysqlStoreOptions['client'], end: () => unknown) {
  const store = new MysqlStore({ client, now: clock.now, pruneInterval: 0 })
  await store.setup()
  const close = () => {
    store.close()
    return end()
  }
  return { store, close }
}

const onPromises = () => {
  const client = createPool(server.url)
  return open(client, () => client.end())
}
// As other clients count: rows that are different afterwards.
const onCallbacks = () => {
  const client = mysql.createPool({ uri: server.url, flags: ['-FOUND_ROWS'] })
  return open(client, () => client.promise().end())
}

const options = { describe, it, clock, outage, connections: 4 }
testStore(onPromises, { ...options, name: 'MysqlStore on a pool of promises' })
testStore(onPromises, { ...options, strong: false, name: 'the same by get, set, destroy' })
testStore(onCallbacks, { ...options, name: 'MysqlStore on a pool that counts changed rows' })
