import { deepEqual, equal, ok } from 'node:assert/strict'
import { tombstone } from '../record/tombstone.js'
import type { SessionStore, StoredRecord } from '../stores/contract.js'
import type { Group, Test, Trial } from './trial.js'
import { record, replaces, same } from './values.js'

const A = record('a')
const B = record('b')
/** A scan that has not ended by then does not end. */
const MOST_PAGES = 20_000

type Scan = NonNullable<SessionStore['scan']>

/** A store need not have `scan`. */
function where(test: (trial: Trial, scan: Scan) => Promise<void>): Test {
  return async (trial) => {
    const { store } = trial
    if (store.scan) await test(trial, store.scan.bind(store))
  }
}

/** All that a scan tells, page by page; `between` has its turn after each. */
async function told(
  scan: Scan,
  prefix: string,
  count?: number,
  between: () => Promise<unknown> = async () => undefined,
): Promise<StoredRecord[]> {
  const records: StoredRecord[] = []
  let cursor: string | undefined
  for (let pages = 0; pages < MOST_PAGES; pages++) {
    const page = await scan(prefix, cursor, count)
    records.push(...page.records)
    cursor = page.cursor
    if (cursor === undefined) return records
    await between()
  }
  throw new Error(`scan still has a cursor after ${MOST_PAGES} pages`)
}

function keysOf(records: StoredRecord[]): string[] {
  return [...new Set(records.map(({ key }) => key))].sort()
}

/** Many records of one prefix. */
async function many(trial: Trial, prefix: string, count: number): Promise<string[]> {
  const keys = Array.from({ length: count }, (_, at) => trial.key(`${prefix}${at}`))
  for (const key of keys) equal(await trial.store.create(key, record(key), trial.later), true)
  return keys.sort()
}

/** A prefix whose signs mean something to some pattern, and keys that only the pattern would match. */
function isText(prefix: string, ...others: string[]): Test {
  return where(async (trial, scan) => {
    const mine = await many(trial, prefix, 3)
    for (const other of others) await many(trial, other, 2)
    deepEqual(keysOf(await told(scan, trial.key(prefix))), mine)
  })
}

const VALUES = [
  '',
  '\0',
  'a\0b',
  `'"\\\r\n`,
  'é e\u0301 \u{1F600}',
  '0',
  tombstone(4_102_444_800_000),
]

/** What `scan` tells, where a store has it. */
export const scan: Group = {
  name: 'scan',
  every: {},
  strong: {
    'tells the records of a prefix, and no others': isText('a:', 'b:', 'A:', 'a', 'ba:'),
    'a prefix with * is text': isText('a*b:', 'aXb:', 'ab:'),
    'a prefix with ? is text': isText('a?b:', 'aXb:'),
    'a prefix with [ and ] is text': isText('[ab]:', 'a:', 'b:'),
    'a prefix with % is text': isText('a%b:', 'aXXb:', 'ab:'),
    'a prefix with _ is text': isText('a_b:', 'aXb:'),
    'a prefix with a backslash is text': isText('a\\*b:', 'a*b:', 'a\\Xb:', 'aXb:'),
    'tells any value as it is': where(async (trial, scan) => {
      const values = new Map(VALUES.map((value, at) => [trial.key(`value:${at}`), value]))
      for (const [key, value] of values) await trial.store.create(key, value, trial.later)
      const records = await told(scan, trial.key('value:'))
      deepEqual(keysOf(records), [...values.keys()].sort())
      for (const { key, value } of records) same(value, values.get(key))
    }),
    'tells the value and the deadline as they are now': where(async (trial, scan) => {
      const begun = trial.now()
      const [first, second, third] = [trial.key('now:1'), trial.key('now:2'), trial.key('now:3')]
      const near = begun + 1_200_500
      await trial.store.create(first, A, near)
      await trial.store.create(second, A, near)
      await replaces(trial.store, second, A, B, near + 600_000)
      await trial.store.create(third, A, near)
      await trial.store.touch(third, near + 900_000)
      const expected = new Map([
        [first, { value: A, expiresAt: near }],
        [second, { value: B, expiresAt: near + 600_000 }],
        [third, { value: A, expiresAt: near + 900_000 }],
      ])
      const records = await told(scan, trial.key('now:'))
      deepEqual(keysOf(records), [...expected.keys()])
      for (const { key, value, expiresAt } of records) {
        same(value, expected.get(key)?.value)
        const off = Math.abs(expiresAt - (expected.get(key)?.expiresAt ?? 0))
        ok(off <= trial.tolerance(trial.now() - begun), `The deadline is off by ${off} ms`)
      }
    }),
    'what has expired is not told': where(async (trial, scan) => {
      const key = await trial.outlive(async (key, deadline) => {
        await trial.store.create(key, A, deadline)
      })
      deepEqual(await told(scan, key), [])
    }),
    'what was destroyed is not told': where(async (trial, scan) => {
      const [first, ...rest] = await many(trial, 'destroyed:', 3)
      await trial.store.destroy(first ?? '')
      deepEqual(keysOf(await told(scan, trial.key('destroyed:'))), rest)
    }),
    'count is a hint: however many a page has, all are told': where(async (trial, scan) => {
      const keys = await many(trial, 'count:', 30)
      for (const count of [1, 7, 30, 1000, undefined])
        deepEqual(keysOf(await told(scan, trial.key('count:'), count)), keys)
    }),
    'many pages': where(async (trial, scan) => {
      const keys = await many(trial, 'many:', 350)
      deepEqual(keysOf(await told(scan, trial.key('many:'), 20)), keys)
      deepEqual(keysOf(await told(scan, trial.key('many:'))), keys)
    }),
    'what stands all the while is told, whatever comes, goes and changes': where(
      async (trial, scan) => {
        const keys = await many(trial, 'stands:', 60)
        const passing = await many(trial, 'stands:-passing:', 60)
        let turn = 0
        const records = await told(scan, trial.key('stands:'), 5, async () => {
          const at = turn++
          const [standing = '', gone = ''] = [keys[at % keys.length], passing.shift()]
          await trial.store.destroy(gone)
          await trial.store.load(keys[(at * 7) % keys.length] ?? '', trial.later)
          await trial.store.touch(standing, trial.later)
          await trial.store.replace(standing, record(standing), B, trial.later)
          await trial.store.create(trial.key(`stands:${at % 2 ? 'a' : '~'}${at}`), A, trial.later)
        })
        const found = new Set(keysOf(records))
        equal(keys.filter((key) => !found.has(key)).length, 0, 'records that were not told')
        for (const { key, value } of records)
          if (keys.includes(key)) ok([record(key), B].includes(value), 'A value that it never had')
      },
    ),
    'a cursor goes on in another instance': where(async (trial) => {
      const keys = await many(trial, 'other:', 20)
      const stores = await trial.stores()
      let turn = 0
      const scan: Scan = (...args) => {
        const store = stores[turn++ % stores.length]
        return store?.scan?.(...args) ?? { records: [], cursor: undefined }
      }
      deepEqual(keysOf(await told(scan, trial.key('other:'), 6)), keys)
    }),
  },
}
