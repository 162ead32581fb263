import mysql from 'mysql2'
import { createPool } from 'mysql2/promise'
import { afterAll, describe, it } from 'vitest'
import { MysqlStore, type MysqlStoreOptions } from '../../src/stores/sql/mysql.js'
import { ManualClock, testStore } from '../../src/testing.js'
import { MariadbServer } from '../services/mariadb.js'
import { inTurn } from './in-turn.js'

const server = await MariadbServer.start()
const pools = Array.from({ length: 4 }, () => createPool({ uri: server.url, connectionLimit: 4 }))
// As other clients count: rows that are different afterwards.
const counting = { uri: server.url, flags: ['-FOUND_ROWS'], connectionLimit: 4 }
const callbacks = Array.from({ length: 4 }, () => mysql.createPool(counting))
afterAll(async () => {
  await Promise.all(pools.map((pool) => pool.end()))
  await Promise.all(callbacks.map((pool) => pool.promise().end()))
  await server[Symbol.asyncDispose]()
})

const clock = new ManualClock()
const outage = { down: () => server.stop(), up: () => server.start() }

function open(client: MysqlStoreOptions['client'], prepare = true) {
  const store = new MysqlStore({ client, prepare, now: clock.now, pruneInterval: 0 })
  return { store, close: () => store.close() }
}

for (const client of [...pools, ...callbacks]) {
  const { store, close } = open(client)
  await store.setup()
  close()
}

const onPromises = inTurn(pools, (client) => open(client))
const unprepared = inTurn(pools, (client) => open(client, false))
const onCallbacks = inTurn(callbacks, (client) => open(client))

const options = { describe, it, clock, outage, connections: 4 }
testStore(onPromises, { ...options, name: 'MysqlStore on a pool of promises' })
// As many as race in the first suite would say no more in these.
const fewer = { ...options, writers: 6 }
testStore(onPromises, { ...fewer, strong: false, name: 'the same by get, set, destroy' })
testStore(unprepared, { ...fewer, outage: undefined, name: 'MysqlStore with prepare: false' })
testStore(onCallbacks, { ...fewer, name: 'MysqlStore on a pool that counts changed rows' })
