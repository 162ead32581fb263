import { describe, it } from 'vitest'
import { SqliteStore } from '../../src/stores/sql/sqlite.js'
import { ManualClock, testStore } from '../../src/testing.js'
import { sqliteDrivers } from '../support/sqlite.js'
import { temporaryFolder } from '../support/temporary.js'

const path = temporaryFolder()

for (const { name, open } of await sqliteDrivers()) {
  const clock = new ManualClock()
  const create = async (path: string, now: () => number) => {
    const client = open(path)
    const store = new SqliteStore({ client, now, pruneInterval: 0 })
    await store.setup()
    return { store, close: () => client.close() }
  }
  const file = path(`${name.replace(':', '-')}.db`)
  const inFile = () => create(file, clock.now)

  const options = { describe, it, clock }
  testStore(inFile, { ...options, connections: 4, name: `SqliteStore on ${name}` })
  testStore(inFile, {
    ...options,
    strong: false,
    writers: 6,
    name: 'the same by get, set, destroy',
  })
  testStore(() => create(':memory:', clock.now), {
    ...options,
    writers: 6,
    name: `${name}, in memory`,
  })
}
