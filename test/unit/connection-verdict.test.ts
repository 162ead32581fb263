import { expect, test } from 'vitest'
import { type Known, verdictOf } from '../../src/connections/verdict.js'
import { CookiePolicy } from '../../src/cookie/policy.js'
import { RecordFormat } from '../../src/record/format.js'
import { LoadedRecord, type LookupResult } from '../../src/record/records.js'

const format = new RecordFormat(new CookiePolicy('sid', {}, 0))
const recordOf = (raw: string) => new LoadedRecord(format, 'id', 'key', raw, raw)
const found = (raw: string): LookupResult => ({ kind: 'record', record: recordOf(raw) })
const tombstone = (kind: 'ended' | 'moved'): LookupResult => ({
  kind: 'tombstone',
  end: { at: 0, order: 0, kind },
})

const KNOWN: Known = {
  record: recordOf('{"a":1}'),
  unseenFor: 10,
  tombstoneTtl: 20,
  isOver: () => false,
}

test.each<[string, LookupResult, Partial<Known>, ReturnType<typeof verdictOf>]>([
  ['the same record', found('{"a":1}'), {}, undefined],
  ['another record', found('{"a":2}'), {}, undefined],
  ['the same record, past its own end', found('{"a":1}'), { isOver: () => true }, 'expired'],
  ['another record, past its own end', found('{"a":2}'), { isOver: () => true }, 'expired'],
  ['something that is no session', found('[1]'), {}, 'ended'],
  ['a record that no key opens', { kind: 'unreadable' }, {}, 'ended'],
  ['the mark of an end', tombstone('ended'), {}, 'ended'],
  ['the mark of a regenerate', tombstone('moved'), {}, 'moved'],
  ['nothing, while an end would still show', { kind: 'missing' }, {}, 'expired'],
  ['nothing, when an end may show no more', { kind: 'missing' }, { unseenFor: 20 }, 'ended'],
  ['nothing, without marks of ends', { kind: 'missing' }, { tombstoneTtl: 0 }, 'ended'],
  [
    'nothing, and the record had an end of its own',
    { kind: 'missing' },
    { unseenFor: 30, isOver: () => true },
    'expired',
  ],
])('a check that finds %s', (_, result, known, expected) => {
  expect(verdictOf(result, { ...KNOWN, ...known })).toBe(expected)
})
