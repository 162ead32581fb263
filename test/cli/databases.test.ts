import { randomUUID } from 'node:crypto'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { databaseUrl } from '../services/databases.js'
import { fileStore, folder, read, root, run, useCommand } from './run.js'

useCommand()

const later = Date.now() + 3_600_000
const prefix = `command:${randomUUID()}:`

const TARGETS: Record<string, () => Promise<string>> = {
  sqlite: async () => `sqlite:${join(folder, 'sessions.db')}`,
  postgres: () => databaseUrl('postgres'),
  mysql: () => databaseUrl('mysql'),
}

const migrate = (from: string, to: string, ...args: string[]) =>
  run(['migrate', '--from', from, '--to', to, '--prefix', prefix, '--batch', '7', ...args], root)

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
  expect(await migrate(full, url, '--write')).toMatchObject(copied)
  expect(await migrate(url, empty, '--write')).toMatchObject(copied)
  expect(read(empty).records).toEqual(records)
})
