import { describe, expect, test } from 'vitest'
import { addressOf, identify } from '../../src/cli/address.js'
import { UsageError } from '../../src/cli/usage.js'
import { run, useCommand } from './run.js'

useCommand()

/** A password would be a part of the path. */
const UNCLEAR = [
  'redis:default:s3cret@127.0.0.1:1',
  'rediss:default:s3cret@127.0.0.1:1',
  'postgres:default:s3cret@127.0.0.1:1/db',
  'postgresql:default:s3cret@127.0.0.1:1/db',
  'mysql:default:s3cret@127.0.0.1:1/db',
  'REDIS:default:s3cret@127.0.0.1:1',
  'redis:/default:s3cret@127.0.0.1:1',
  'redis:///default:s3cret@127.0.0.1:1',
  'redis://default:1234/s3cret@127.0.0.1',
  'redis://default:s3cret/1@127.0.0.1',
  'postgres://default:1234?s3cret@127.0.0.1/db',
  'mysql://default:1234#s3cret@127.0.0.1/db',
  'redis://default:1/s3cret?x@127.0.0.1',
]

describe.each(UNCLEAR)('%s: nothing of it is printed', (url) => {
  test.each([
    ['stats', '--store', url],
    ['sessions', '--of', 'user', '--user', '1', '--store', url],
    ['migrate', '--from', url, '--to', 'b.mjs'],
    ['migrate', '--from', 'b.mjs', '--to', url],
  ])('%s', async (...args) => {
    const { code, out, err } = await run(args)
    expect([code, out]).toEqual([2, ''])
    expect(err).toMatch(/^koa-sess: --(store|from|to): [^\n]+\n$/)
    expect(err).toContain('scheme://user:password@host/name')
    expect(err).not.toMatch(/s3cret|1234|default/)
  })
})

test.each([
  ['redis://default:s3cret@host:1/0?password=s3cret', 'redis://host:1/0'],
  ['redis://default:s%2F3%40cret@host', 'redis://host'],
  ['redis://default:s3@cret@host', 'redis://host'],
  ['postgres:///db?host=/run/postgresql', 'postgres:///db'],
  ['sqlite:a@b.db', 'sqlite:a@b.db'],
  ['./a@b.mjs', './a@b.mjs'],
])('%s is named %s', (target, address) => {
  expect(addressOf(target, 'to')).toBe(address)
  expect(() => identify(target, 'to')).not.toThrow(UsageError)
})

test('a scheme that is not known is said first', async () => {
  const { err } = await run(['stats', '--store', 'file:./store.mjs'])
  expect(err).toContain('--store: file: is none of redis')
})
