import { deepEqual, equal, ok } from 'node:assert/strict'
import type { SessionStore, StoredRecord } from '../stores/contract.js'
import type { Group, Test, TestContext } from './context.js'
import { waitUntilRecovered, whileDown } from './outage.js'
import { assertReplaced, assertValue, recordOf, TOMBSTONE } from './values.js'

const A = recordOf('a')
const B = recordOf('b')
/** The limit that ends a scan whose cursor never does. */
const MAX_PAGES = 20_000

type Scan = NonNullable<SessionStore['scan']>

/** Skips the test for a store without `scan`, which is optional. */
function ifScannable(test: (t: TestContext, scan: Scan) => Promise<void>): Test {
  return async (t) => {
    const { store } = t
    if (store.scan) await test(t, store.scan.bind(store))
  }
}

/** All records that a scan returns from `cursor` on. `between` runs after every page but the last. */
async function scanAll(
  scan: Scan,
  prefix: string,
  count?: number,
  between: () => Promise<unknown> = async () => undefined,
  cursor?: string,
): Promise<StoredRecord[]> {
  const records: StoredRecord[] = []
  for (let pages = 0; pages < MAX_PAGES; pages++) {
    const page = await scan(prefix, cursor, count)
    records.push(...page.records)
    cursor = page.cursor
    if (cursor === undefined) return records
    await between()
  }
  throw new Error(`scan still has a cursor after ${MAX_PAGES} pages`)
}

function keysOf(records: StoredRecord[]): string[] {
  return [...new Set(records.map(({ key }) => key))].sort()
}

/** Creates `count` records under one prefix. @returns their sorted keys. */
async function createMany(t: TestContext, prefix: string, count: number): Promise<string[]> {
  const keys = Array.from({ length: count }, (_, at) => t.key(`${prefix}${at}`))
  for (const key of keys) equal(await t.store.create(key, recordOf(key), t.later), true)
  return keys.sort()
}

/** The prefix matches literally. `others`: prefixes that match it only as a pattern. */
function isLiteral(prefix: string, ...others: string[]): Test {
  return ifScannable(async (t, scan) => {
    const mine = await createMany(t, prefix, 3)
    for (const other of others) await createMany(t, other, 2)
    deepEqual(keysOf(await scanAll(scan, t.key(prefix))), mine)
  })
}

const VALUES = ['', '\0', 'a\0b', `'"\\\r\n`, 'é e\u0301 \u{1F600}', '0', TOMBSTONE]

/** The optional `scan`. */
export const scan: Group = {
  name: 'scan',
  every: {},
  strong: {
    'returns the records of a prefix and no others': isLiteral('a:', 'b:', 'A:', 'a', 'ba:'),
    'a prefix with * is taken literally': isLiteral('a*b:', 'aXb:', 'ab:'),
    'a prefix with ? is taken literally': isLiteral('a?b:', 'aXb:'),
    'a prefix with [ and ] is taken literally': isLiteral('[ab]:', 'a:', 'b:'),
    'a prefix with % is taken literally': isLiteral('a%b:', 'aXXb:', 'ab:'),
    'a prefix with _ is taken literally': isLiteral('a_b:', 'aXb:'),
    'a prefix with a backslash is taken literally': isLiteral('a\\*b:', 'a*b:', 'a\\Xb:', 'aXb:'),
    'returns every value unchanged': ifScannable(async (t, scan) => {
      const values = new Map(VALUES.map((value, at) => [t.key(`value:${at}`), value]))
      for (const [key, value] of values) await t.store.create(key, value, t.later)
      const records = await scanAll(scan, t.key('value:'))
      deepEqual(keysOf(records), [...values.keys()].sort())
      for (const { key, value } of records) assertValue(value, values.get(key))
    }),
    'returns the current value and deadline': ifScannable(async (t, scan) => {
      const begun = t.now()
      const [first, second, third] = [t.key('now:1'), t.key('now:2'), t.key('now:3')]
      const near = begun + 1_200_500
      await t.store.create(first, A, near)
      await t.store.create(second, A, near)
      await assertReplaced(t.store, second, A, B, near + 600_000)
      await t.store.create(third, A, near)
      await t.store.touch(third, near + 900_000)
      const expected = new Map([
        [first, { value: A, expiresAt: near }],
        [second, { value: B, expiresAt: near + 600_000 }],
        [third, { value: A, expiresAt: near + 900_000 }],
      ])
      const records = await scanAll(scan, t.key('now:'))
      deepEqual(keysOf(records), [...expected.keys()])
      for (const { key, value, expiresAt } of records) {
        assertValue(value, expected.get(key)?.value)
        const off = Math.abs(expiresAt - (expected.get(key)?.expiresAt ?? 0))
        ok(off <= t.tolerance(t.now() - begun), `The deadline is off by ${off} ms`)
      }
    }),
    'skips expired records': ifScannable(async (t, scan) => {
      const key = await t.waitForExpiry(async (key, deadline) => {
        await t.store.create(key, A, deadline)
      })
      deepEqual(await scanAll(scan, key), [])
    }),
    'skips destroyed records': ifScannable(async (t, scan) => {
      const [first, ...rest] = await createMany(t, 'destroyed:', 3)
      await t.store.destroy(first ?? '')
      deepEqual(keysOf(await scanAll(scan, t.key('destroyed:'))), rest)
    }),
    'returns every record, whatever the count': ifScannable(async (t, scan) => {
      const keys = await createMany(t, 'count:', 30)
      for (const count of [1, 7, 30, 1000, undefined])
        deepEqual(keysOf(await scanAll(scan, t.key('count:'), count)), keys)
    }),
    'returns every record over many pages': ifScannable(async (t, scan) => {
      const keys = await createMany(t, 'many:', 350)
      deepEqual(keysOf(await scanAll(scan, t.key('many:'), 20)), keys)
      deepEqual(keysOf(await scanAll(scan, t.key('many:'))), keys)
    }),
    'returns every record that exists throughout, while others change': ifScannable(
      async (t, scan) => {
        const keys = await createMany(t, 'kept:', 60)
        const removable = await createMany(t, 'kept:-removed:', 60)
        let turn = 0
        const records = await scanAll(scan, t.key('kept:'), 5, async () => {
          const at = turn++
          const [changed = '', removed = ''] = [keys[at % keys.length], removable.shift()]
          await t.store.destroy(removed)
          await t.store.load(keys[(at * 7) % keys.length] ?? '', t.later)
          await t.store.touch(changed, t.later)
          await t.store.replace(changed, recordOf(changed), B, t.later)
          await t.store.create(t.key(`kept:${at % 2 ? 'a' : '~'}${at}`), A, t.later)
        })
        const found = new Set(keysOf(records))
        equal(keys.filter((key) => !found.has(key)).length, 0, 'records that the scan missed')
        for (const { key, value } of records)
          if (keys.includes(key))
            ok([recordOf(key), B].includes(value), 'A value that the record never had')
      },
    ),
    'a cursor continues in another instance': ifScannable(async (t) => {
      const keys = await createMany(t, 'other:', 20)
      const stores = await t.stores()
      let turn = 0
      const scan: Scan = (...args) => {
        const store = stores[turn++ % stores.length]
        return store?.scan?.(...args) ?? { records: [], cursor: undefined }
      }
      deepEqual(keysOf(await scanAll(scan, t.key('other:'), 6)), keys)
    }),
  },
}

/** A server that was away may have become another process, in which older cursors mean nothing. */
export const scanOutage: Group = {
  name: 'scan and outage',
  every: {},
  strong: {
    'a scan that continues after an outage misses no record': ifScannable(async (t, scan) => {
      const keys = await createMany(t, 'outage:', 60)
      const prefix = t.key('outage:')
      const found = new Set<string>()
      let cursor: string | undefined
      do {
        const page = await scan(prefix, cursor, 5)
        for (const { key } of page.records) found.add(key)
        cursor = page.cursor
      } while (cursor !== undefined && found.size < keys.length / 2)
      await whileDown(t, async () => {
        await Promise.allSettled([t.store.load(prefix)])
      })
      await waitUntilRecovered(t, prefix)
      // A server that keeps nothing on disk has lost them.
      for (const key of keys) await t.store.create(key, recordOf(key), t.later)
      for (const { key } of await scanAll(scan, prefix, 5, undefined, cursor)) found.add(key)
      equal(keys.filter((key) => !found.has(key)).length, 0, 'records that the scan missed')
    }),
  },
}
