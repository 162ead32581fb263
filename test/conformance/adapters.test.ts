import { describe, it } from 'vitest'
import { testStore } from '../../src/testing.js'
import { FOREIGN } from '../support/foreign.js'

for (const { name, open, precision, beyond = [] } of FOREIGN) {
  // These tests have to fail: docs/adapters.md lists them.
  const possible = (title: string, test: () => Promise<void>) =>
    beyond.includes(title) ? it.fails(title, test) : it(title, test)
  // The tests wait for deadlines, each with keys of its own.
  testStore(open, {
    describe: describe.concurrent,
    it: possible,
    name,
    precision,
    strong: false,
    writers: 6,
  })
}
