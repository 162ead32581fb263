import { randomBytes, randomUUID } from 'node:crypto'
import { writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { describe, expect, inject, test } from 'vitest'
import { sample } from '../../src/cli/sample.js'
import { generateId } from '../../src/session/id.js'
import { scannedPart } from '../../src/stores/redis/scan.js'
import { SqliteStore } from '../../src/stores/sql/sqlite.js'
import { libsql } from '../support/sqlite.js'
import { loggedIn, serveUsers } from '../users/fixture.js'
import { fileStore, folder, root, run, runProcess, useCommand } from './run.js'

useCommand()

const [HOUR, DAY] = [3_600_000, 86_400_000]

/** The number of a line of the output. */
function numberOf(out: string, label: string): number {
  const found = new RegExp(`^ *${label}:? +([\\d,]+)`, 'm').exec(out)?.[1]
  return Number(found?.replaceAll(',', ''))
}

test('it counts sessions by age, by what is left of them and by size, and nothing else', async () => {
  const now = Date.now()
  const session = (age: number, left: number, size: number) => ({
    value: `{"x":"${'x'.repeat(size)}","cookie":{"created":${now - age}}}`,
    expiresAt: now + left,
  })
  const module = fileStore('counted', {
    records: {
      'koa:sess:a': session(60_000, 60_000, 10),
      'koa:sess:b': session(2 * HOUR, 60_000, 300),
      'koa:sess:c': session(8 * DAY, 40 * DAY, 70_000),
      'koa:sess:d': { value: '{"user":"ada"}', expiresAt: now + 2 * DAY },
      'koa:sess:ended': { value: '123456789012345e-4000000000000', expiresAt: now + 10_000 },
      'koa:sess:&a-user': { value: '{"epoch":0}', expiresAt: now + DAY },
      'other:a': session(1, 60_000, 1),
    },
  })
  const { code, out, err } = await run(['stats', '--store', module])
  expect(code, err).toBe(0)
  expect(out).toMatch(/^sessions: 4\nbytes: 70,\d{3}, 17,\d{3} a session\nlists of users: 1\n/)
  const rows = (title: string) => {
    const [section = ''] = out.slice(out.indexOf(`\n${title}\n`)).split('\n\n', 1)
    return [...section.matchAll(/(\d+) +\d+ %/g)].map(([, count]) => Number(count))
  }
  expect(rows('by age')).toEqual([1, 1, 0, 1, 0, 1])
  expect(rows('by the time until they end')).toEqual([2, 0, 1, 0, 1])
  expect(rows('by size')).toEqual([2, 1, 0, 0, 0, 1])
  expect(out).not.toMatch(/xxx|ada|koa:sess/)
})

test('the age of an encrypted session needs the config', async () => {
  const file = join(folder, `${randomUUID()}.db`)
  const client = libsql.open(file)
  const store = new SqliteStore({ client, pruneInterval: 0 })
  await store.setup()
  const keys = ['k'.repeat(32)]
  const site = await serveUsers({
    ...{ store, prefix: 'test:', absoluteTimeout: DAY, encryption: { keys } },
  })
  await loggedIn(site)
  await site.close()
  client.close()
  const args = ['stats', '--store', `sqlite:${file}`]
  const config = join(folder, `${randomUUID()}.mjs`)
  writeFileSync(
    config,
    `export default { prefix: 'test:', encryption: { keys: ['${'k'.repeat(32)}'] } }`,
  )
  const without = await run([...args, '--prefix', 'test:'], root)
  const given = await run([...args, '--config', config], root)
  expect(numberOf(without.out, 'sessions')).toBe(1)
  expect(numberOf(without.out, 'not known')).toBe(1)
  expect([given.code, given.err]).toEqual([0, expect.any(String)])
  expect(numberOf(given.out, 'not known')).toBe(Number.NaN)
})

describe('more sessions than --sample', () => {
  const COUNT = 6000
  const value = (size: number) => `{"x":"${'x'.repeat(size)}"}`
  const near = (count: number) => {
    expect(count).toBeGreaterThan(COUNT * 0.8)
    expect(count).toBeLessThan(COUNT * 1.2)
  }

  test('Redis: it reads a part, and estimates the rest', async () => {
    const client = new Redis(inject('redisUrl'))
    const prefix = `test:${randomUUID()}:`
    const ids = Array.from({ length: COUNT }, () => prefix + generateId())
    const fill = client.pipeline()
    for (const id of ids) fill.set(id, value(20), 'PX', HOUR)
    await fill.exec()
    const args = ['stats', '--store', inject('redisUrl'), '--prefix', prefix]
    const estimated = await run([...args, '--sample', '2000'], root)
    const all = await run([...args, '--all'], root)
    const clear = client.pipeline()
    for (const id of ids) clear.del(id)
    await clear.exec()
    client.disconnect()
    expect(all.out).toMatch(/^sessions: 6,000\n/)
    expect(estimated.out).toMatch(/^sessions: [\d,]+ \(estimated from [23],\d{3}\)\n/)
    near(numberOf(estimated.out, 'sessions'))
  })

  test.each([
    ['', 'bare'],
    ['#', 'hashed'],
  ])('SQLite, with %s ids (%s): the same', async (mark) => {
    const file = join(folder, `${randomUUID()}.db`)
    const client = libsql.open(file)
    const store = new SqliteStore({ client, pruneInterval: 0 })
    await store.setup()
    // One transaction: the store would make one for each session.
    client.exec('BEGIN')
    const insert = client.prepare('INSERT INTO koa_sess VALUES (?, ?, ?)')
    const add = (key: string, data: string) =>
      insert.run(Buffer.from(key), Buffer.from(data), Date.now() + HOUR)
    for (let count = 0; count < COUNT; count++) add(`koa:sess:${mark}${generateId()}`, value(20))
    // Lists of users are sorted before sessions: a sample from the start would hold nothing else.
    for (let count = 0; count < 2000; count++) add(`koa:sess:&${generateId()}`, '{}')
    client.exec('COMMIT')
    client.close()
    const args = ['stats', '--store', `sqlite:${file}`]
    const { out } = await run([...args, '--sample', '2000'], root)
    expect(out).toMatch(/^sessions: [\d,]+ \(estimated from 2,\d{3}\)\n/)
    near(numberOf(out, 'sessions'))
  })
})

describe('a sample of sorted keys', () => {
  /** Counts the keys of a sorted store, and says what part of them it read. */
  async function sampled(keys: string[], limit: number) {
    const sorted = keys.toSorted()
    let counted = 0
    const scan = (prefix: string, cursor = '', count = 100) => {
      const rest = sorted.filter((key) => key.startsWith(prefix) && key > cursor)
      const records = rest.slice(0, count).map((key) => ({ key, value: '{}', expiresAt: 1 }))
      return { records, cursor: rest.length > count ? records.at(-1)?.key : undefined }
    }
    const { part } = await sample({}, scan, {
      prefix: 'p:',
      limit,
      visit({ records }) {
        counted += records.length
        return counted
      },
      restart() {
        counted = 0
      },
    })
    return { counted, part }
  }

  test('with few sessions, all of them', async () => {
    const keys = Array.from({ length: 700 }, () => `p:${generateId()}`)
    expect(await sampled(keys, 1000)).toEqual({ counted: 700, part: 1 })
  })

  test('with random ids, a part', async () => {
    const keys = Array.from({ length: 3000 }, () => `p:${generateId()}`)
    const { counted, part } = await sampled(keys, 500)
    expect(counted).toBeLessThan(1500)
    expect(counted / Number(part)).toBeGreaterThan(2000)
    expect(counted / Number(part)).toBeLessThan(4000)
  })

  test.each<[string, () => string]>([
    ['hexadecimal', () => randomBytes(16).toString('hex')],
    ['UUIDs', () => randomUUID()],
    ['behind a prefix of their own', () => `user-${generateId()}`],
  ])('ids that are %s: all of them, and no estimate', async (_, genSid) => {
    const keys = Array.from({ length: 10_000 }, () => `p:${genSid()}`)
    expect(await sampled(keys, 500)).toEqual({ counted: 10_000, part: 1 })
  })
})

test('a cursor of SCAN says which part of the keys it has passed', () => {
  const at = (cursor: bigint) => scannedPart(`0123456789abcdef:0:${cursor}`)
  // A table of eight slots: 0, then 4, 2, 6, 1, 5, 3, 7.
  expect([4n, 2n, 6n, 1n].map(at)).toEqual([1 / 8, 2 / 8, 3 / 8, 4 / 8])
  expect([scannedPart('restart'), scannedPart('0123:1:4')]).toEqual([undefined, undefined])
})

test('interrupted, it says so, and counts what it read', async () => {
  const records = Object.fromEntries(
    Array.from({ length: 1200 }, (_, at) => [
      `koa:sess:${at}`,
      { value: '{}', expiresAt: Date.now() + HOUR },
    ]),
  )
  const module = fileStore('interrupted-stats', { records, interrupt: 1 })
  const { code, out } = await runProcess(['stats', '--store', module])
  expect([code, out]).toEqual([
    130,
    expect.stringMatching(/^sessions: 500 \(those that were read\)/),
  ])
})

describe('what it cannot do, it says in one line', () => {
  test.each<[string[], RegExp]>([
    [['stats'], /stats needs --store STORE/],
    [['stats', '--store', 'a', '--sample', '0'], /--sample is a number/],
    [['stats', '--store', 'a', '--sample', '1', '--all'], /exclude each other/],
    [['stats', '--store', 'a', '--config', 'b', '--prefix', 'c'], /leave out --prefix/],
    [['stats', '--store', 'scanless.mjs'], /this store has no scan/],
  ])('%j', async (args, message) => {
    writeFileSync(
      join(folder, 'scanless.mjs'),
      'export default { get() {}, set() {}, destroy() {} }',
    )
    const { code, out, err } = await run(args)
    expect(err).toMatch(message)
    expect([code, out]).toEqual([2, ''])
  })

  test('its help', async () => {
    const { code, out } = await run(['stats', '--help'])
    expect([code, out]).toEqual([0, expect.stringContaining('--sample N')])
  })
})
