import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { existsSync, mkdtempSync, readdirSync, writeFileSync } from 'node:fs'
import { type AddressInfo, connect, createServer } from 'node:net'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { databaseUrl } from '../services/databases.js'
import { fileStore, folder, read, root, run, runProcess, useCommand } from './run.js'

useCommand()

const later = Date.now() + 3_600_000
const prefix = `command:${randomUUID()}:`

const TARGETS: Record<string, () => Promise<string>> = {
  sqlite: async () => `sqlite:${join(folder, 'sessions.db')}`,
  postgres: () => databaseUrl('postgres'),
  mysql: () => databaseUrl('mysql'),
}

const line = (from: string, to: string, args: string[]) => [
  ...['migrate', '--from', from, '--to', to, '--prefix', prefix, '--batch', '7', ...args],
]
const migrate = (from: string, to: string, ...args: string[]) => run(line(from, to, args), root)

test.each(Object.entries(TARGETS))('to a new table in %s, and from it', async (name, target) => {
  const url = await target()
  const records = Object.fromEntries(
    Array.from({ length: 50 }, (_, at) => [
      `${prefix}${name}:${at}`,
      { value: `{"at":${at}}`, expiresAt: later + at },
    ]),
  )
  const [full, empty] = [fileStore(`${name}-full`, { records }), fileStore(name, { records: {} })]
  const copied = { code: 0, out: expect.stringMatching(/^copied: 50\n/) }
  const counted = { code: 0, out: expect.stringMatching(/^to copy: 50\n/) }
  expect(await migrate(full, url)).toMatchObject(counted)
  // Node loads the driver.
  expect(await runProcess(line(full, url, ['--write']), root)).toMatchObject(copied)
  expect(await migrate(url, empty, '--write')).toMatchObject(copied)
  expect(read(empty).records).toEqual(records)
})

describe('a database that cannot be used: which and why, in a dry run too', () => {
  const refused = async (to: string, cwd = root) => {
    const from = fileStore('any', { records: {} })
    const results = []
    for (const args of [[], ['--write']])
      results.push(await run(['migrate', '--from', from, '--to', to, ...args], cwd))
    for (const { code, out, err } of results) {
      expect([code, out]).toEqual([1, ''])
      expect(err).toMatch(/^koa-sess: --to \(\w+:[^\n]+\): [^\n]+\n$/)
      expect(err).not.toMatch(/secret|Error\n/)
    }
    return `${results[0]?.err}`
  }
  const other = (url: string, change: (url: URL) => unknown) => {
    const changed = new URL(url)
    change(changed)
    return changed.href
  }

  test('PostgreSQL: refused', async () => {
    expect(await refused('postgres://user:secret@127.0.0.1:1/db')).toMatch(/refused.*ECONNREFUSED/)
  })

  test('PostgreSQL: no such database', async () => {
    const url = other(await databaseUrl('postgres'), (url) => {
      url.pathname = '/nothere'
    })
    expect(await refused(url)).toContain('there is no such database (3D000)')
  })

  test('MySQL: refused', async () => {
    expect(await refused('mysql://user:secret@127.0.0.1:1/db')).toMatch(/refused.*ECONNREFUSED/)
  })

  test('MySQL: a wrong password', async () => {
    const url = other(await databaseUrl('mysql'), (url) => {
      url.username = 'unknown'
      url.password = 'secret'
    })
    expect(await refused(url)).toContain('the user or the password is wrong or missing')
  })

  test('SQLite: no database', async () => {
    const file = join(folder, 'text.db')
    writeFileSync(file, 'This is text and no database. '.repeat(100))
    expect(await refused(`sqlite:${file}`)).toContain('the file is not an SQLite database')
  })
})

describe('an SQLite file that is missing', () => {
  const records = { [`${prefix}missing`]: { value: '{"a":1}', expiresAt: later } }

  test('is not created by a dry run', async () => {
    const place = mkdtempSync(join(folder, 'dry-'))
    const [from, to] = [fileStore('dry', { records }), `sqlite:${join(place, 'new.db')}`]
    const dry = await migrate(from, to)
    expect([dry.code, dry.out]).toEqual([0, expect.stringMatching(/^to copy: 1\n/)])
    expect(dry.err).toContain('koa-sess: --to has no table yet, --write creates it\n')
    expect(readdirSync(place)).toEqual([])
    expect(await migrate(from, to, '--write')).toMatchObject({ code: 0 })
    expect(readdirSync(place)).toContain('new.db')
    expect((await migrate(from, to)).out).toContain('to copy: 0\nalready there: 1\n')
  })

  test('needs a driver, as the copy will', async () => {
    const from = fileStore('driverless', { records })
    const place = mkdtempSync(join(folder, 'driverless-'))
    const results = []
    for (const args of [[], ['--write']])
      results.push(await run(line(from, `sqlite:${join(place, 'new.db')}`, args), place))
    // Node 22 and later have one.
    expect(results[0]?.code).toBe(results[1]?.code)
  })

  test('fails where its folder is missing too, and creates neither', async () => {
    const place = join(folder, 'nowhere')
    const from = fileStore('folderless', { records })
    for (const args of [[], ['--write']]) {
      const { code, out, err } = await migrate(from, `sqlite:${join(place, 'new.db')}`, ...args)
      expect([code, out]).toEqual([2, ''])
      expect(err).toBe('koa-sess: --to: the folder of the SQLite file is missing\n')
      expect(existsSync(place)).toBe(false)
    }
  })
})

test('it sends no prepared statement, which a pooler may not pass on', async () => {
  const from = fileStore('sent', {
    records: { [`${prefix}sent`]: { value: '{"a":1}', expiresAt: later } },
  })
  for (const kind of ['postgres', 'mysql'] as const) {
    const url = new URL(await databaseUrl(kind))
    const recorder = await record(Number(url.port))
    url.port = `${recorder.port}`
    expect(await migrate(from, url.href, '--write')).toMatchObject({ code: 0 })
    const sent = recorder.close()
    expect(sent).toContain('koa_sess')
    // The names that the store gives to statements of PostgreSQL, and the parameters of MySQL's.
    expect(sent).not.toMatch(/koa_sess_[0-9a-f]{40}|`key` = \?/)
  }
})

/** A way to a server that keeps what is sent to it. */
async function record(target: number) {
  const chunks: Buffer[] = []
  const server = createServer((client) => {
    const upstream = connect(target, '127.0.0.1')
    client.on('data', (data) => chunks.push(data))
    client.pipe(upstream).pipe(client)
    for (const socket of [client, upstream]) {
      socket.on('error', () => undefined)
      socket.on('close', () => [client, upstream].map((end) => end.destroy()))
    }
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    port: (server.address() as AddressInfo).port,
    close: () => {
      server.close()
      return Buffer.concat(chunks).toString('latin1')
    },
  }
}
