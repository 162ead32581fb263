import fc from 'fast-check'
import { expect, test } from 'vitest'
import { CookiePolicy } from '../../src/cookie/policy.js'
import { RecordDraft } from '../../src/record/draft.js'
import { RecordFormat } from '../../src/record/format.js'
import { LoadedRecord } from '../../src/record/records.js'

const FORMAT = new RecordFormat(new CookiePolicy('koa.sid'))
const WRITE = { expiresAt: 1e12, end: {} }
const text = fc.oneof(
  fc.string({ maxLength: 9 }),
  fc.nat(2000).map((length) => 'x'.repeat(length)),
)
const record = fc.dictionary(text, text, { maxKeys: 4 }).map((data) => JSON.stringify(data))
const step = fc.oneof(
  record.map((value) => (draft: RecordDraft) => draft.replace(value, WRITE)),
  fc.tuple(text, fc.option(text)).map(([key, value]) => (draft: RecordDraft) => {
    const kept = value === null ? undefined : JSON.stringify(value)
    draft.edit([{ key, text: kept }], WRITE)
  }),
  fc.constant((draft: RecordDraft) => draft.undo()),
)

test('its value is never longer than its bound, whatever was replaced, edited and undone', () => {
  fc.assert(
    fc.property(record, fc.array(step, { maxLength: 6 }), (value, steps) => {
      const draft = new RecordDraft(new LoadedRecord(FORMAT, 'id', 'key', value, value))
      for (const change of steps) {
        change(draft)
        expect(draft.value.length).toBeLessThanOrEqual(draft.maxLength)
      }
    }),
    { numRuns: 500 },
  )
})
