// Runs the whole conformance suite on the SQLite that this Node has: libsql, and its own from 22 on.
import assert from 'node:assert/strict'
import { SqliteStore } from 'koa-sess/sqlite'
import { ManualClock, testStore } from 'koa-sess/testing'
import Libsql from 'libsql'

const drivers = { libsql: (path) => new Libsql(path) }
const [major] = process.versions.node.split('.').map(Number)
if (major >= 22) {
  const { DatabaseSync } = await import('node:sqlite')
  drivers['node:sqlite'] = (path) => new DatabaseSync(path)
}

const clock = new ManualClock()
let passed = 0
for (const [name, open] of Object.entries(drivers)) {
  const tests = []
  const create = async () => {
    const client = open(':memory:')
    const store = new SqliteStore({ client, now: clock.now, pruneInterval: 0 })
    await store.setup()
    return { store, close: () => client.close() }
  }
  testStore(create, { describe: (_, define) => define(), it: (...test) => tests.push(test), clock })
  for (const [title, run] of tests) {
    try {
      await run()
    } catch (error) {
      throw new Error(`${name}: ${title}`, { cause: error })
    }
    passed++
  }
}
assert.ok(passed > 90 * Object.keys(drivers).length, `only ${passed} tests`)
