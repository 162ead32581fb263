import fc from 'fast-check'
import { afterEach, describe, test } from 'vitest'
import { makeSeal } from '../../src/record/seal.js'
import { RUNS, TIMEOUT } from '../support/hostile/check.js'
import { tampered } from '../support/hostile/header.js'
import { FOUND, payload } from '../support/hostile/record.js'
import { DEEDS, type Deed, MODES, RecordOracle } from '../support/oracle/record.js'
import { KINDS } from '../support/oracle/shelves.js'

// Random values in a store. test/support/oracle/record.ts says what holds for all of them.
describe('H3, H4: any value that a store returns', () => {
  const CASES = KINDS.flatMap((kind) => MODES.map((mode) => ({ ...kind, ...mode })))

  let oracle: RecordOracle
  afterEach(() => oracle.close())

  test.each(CASES)('$name, $title', { timeout: TIMEOUT }, async ({ shelf, options }) => {
    oracle = new RecordOracle(shelf, options)
    const property = fc.asyncProperty(
      fc.constantFrom(...DEEDS),
      payload,
      payload,
      (deed, value, other) => oracle.check(deed, value, other),
    )
    // As examples of the property, fast-check would try to make them smaller without an end.
    for (const deed of DEEDS)
      for (const found of FOUND) await oracle.check(deed, deed === 'conflict' ? '{}' : found, found)
    await fc.assert(property, { numRuns: RUNS })
  })

  test('with encryption, no value that was not sealed for the id is a session', {
    timeout: TIMEOUT,
  }, async () => {
    const keys = ['a key of 32 bytes for the tests.']
    oracle = new RecordOracle(KINDS[0].shelf, { encryption: { keys } })
    const moved = makeSeal(keys, 'record').seal('{"admin":true}', 'koa:sess:another-session')
    const inside = fc.oneof(payload, fc.constant(moved), tampered(moved))
    const sealed = fc.oneof(
      payload,
      inside.map((value) => `{"sealed":"${value}"}`),
    )
    const deed = fc.constantFrom<Deed>('read', 'modify', 'update', 'move', 'logout')
    const property = fc.asyncProperty(deed, sealed, (at, value) =>
      oracle.checkUnreadable(at, value),
    )
    await fc.assert(property, { numRuns: RUNS })
  })
})
