import { writeSync } from 'node:fs'
import { SqliteStore } from '../../src/stores/sql/sqlite.js'
import { libsql } from '../support/sqlite.js'
import { contents } from './values.js'

// Writes sessions until it is killed, and says so of each on stdout once the store has answered.
const { FILE = '', WRITER = '' } = process.env
const store = new SqliteStore({
  client: libsql.open(FILE),
  pruneInterval: 0,
  // The other writers of the file never pause.
  commandTimeout: 60_000,
})
await store.setup()
const later = Date.now() + 3_600_000

for (let number = 0; ; number++) {
  const key = `${WRITER}:${number}`
  const [old, value] = [contents(number, 'old'), contents(number, 'new')]
  if (!(await store.create(key, old, later))) throw new Error('create said false')
  acknowledge(`create ${number}\n`)
  const answer = await store.replace(key, old, value, later)
  if (!answer.ok) throw new Error('replace was refused')
  acknowledge(`replace ${number}\n`)
}

function acknowledge(line: string): void {
  for (let told = false; !told; ) {
    try {
      writeSync(1, line)
      told = true
    } catch (error) {
      // The reader is behind.
      if (Reflect.get(Object(error), 'code') !== 'EAGAIN') throw error
    }
  }
}
