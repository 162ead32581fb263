import { describe, it } from 'vitest'
import { testStore } from '../../src/testing.js'
import { FOREIGN } from '../support/foreign.js'

for (const { name, open, precision, beyond = [] } of FOREIGN) {
  // What is beyond a store has to fail: that is what docs/adapters.md says of it.
  const possible = (title: string, test: () => Promise<void>) =>
    beyond.includes(title) ? it.fails(title, test) : it(title, test)
  // Most of it is waiting for deadlines; each test has keys of its own.
  testStore(open, { describe: describe.concurrent, it: possible, name, precision, strong: false })
}
