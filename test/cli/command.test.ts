import { mkdirSync, mkdtempSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, inject, test } from 'vitest'
import { tombstone } from '../../src/record/tombstone.js'
import { RedisStore } from '../../src/stores/redis/store.js'
import { RedisServer } from '../services/redis.js'
import { ask, until } from '../services/redis-cluster.js'
import { freePort } from '../services/server.js'
import {
  change,
  clusterStore,
  type Data,
  fileStore,
  folder,
  read,
  release,
  root,
  run,
  runProcess,
  useCommand,
} from './run.js'

const { version } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
const HOUR = 3_600_000
const later = Date.now() + HOUR

useCommand()

let games = 0
let from: string
let to: string
let state: string

beforeEach(() => {
  games++
  state = join(folder, `${games}-state.json`)
  from = fileStore(`${games}-from`, { records: sessions(5) }, true)
  to = fileStore(`${games}-to`, { records: {} })
})

/** Two sessions to a page, so that there are pages. */
const line = (args: string[]) => ['migrate', '--from', from, '--to', to, '--batch', '2', ...args]
const migrate = (...args: string[]) => run(line(args))
/** The store sends it SIGINT. */
const migrateInterrupted = (...args: string[]) => runProcess(line(args))

describe('what it says of itself', () => {
  test.each([['--help'], ['-h'], []])('help: %s', async (...args) => {
    const { code, out } = await run(args)
    expect([code, out]).toEqual([0, expect.stringContaining('koa-sess migrate --from STORE')])
  })

  test('its version', async () => {
    expect(await runProcess(['--version'])).toMatchObject({ code: 0, out: `${version}\n` })
  })
})

describe('what it cannot do, it says in one line', () => {
  test('and its process exits with 2', async () => {
    const { code, out, err } = await runProcess(['migrate'])
    expect([code, out]).toEqual([2, ''])
    expect(err).toMatch(/^koa-sess: migrate needs [^\n]+\n$/)
  })

  test.each<[string[], RegExp]>([
    [['copy'], /the commands are migrate, sessions, stats and codemod/],
    [['migrate', 'more'], /one word too many: koa-sess migrate/],
    [['migrate'], /needs --from STORE and --to STORE/],
    [['migrate', '--form', 'x'], /'--form': see koa-sess --help/],
    [['migrate', '--from', 'a', '--to', 'b', '--batch', '0'], /--batch is a number/],
    [['migrate', '--from', 'a', '--to', 'b', '--write', '--dry-run'], /exclude each other/],
    [['migrate', '--from', 'a', '--to', './a'], /the same store/],
    [['migrate', '--from', 'redis://a:b@h/0', '--to', 'redis://c@h/0'], /the same store/],
    [['migrate', '--from', 'nothing.mjs', '--to', 'b.mjs'], /--from: there is no such module/],
    [['migrate', '--from', 'mongodb://h/db', '--to', 'b'], /mongodb: is none of redis, rediss,/],
    [['migrate', '--from', 'constructor://h', '--to', 'b'], /constructor: is none of redis,/],
    [['migrate', '--from', 'redis://', '--to', 'redis://['], /a valid URL or a path/],
    [
      ['migrate', '--from', 'redis://h', '--to', 'b'],
      /needs ioredis or iovalkey or redis: npm inst/,
    ],
    [['migrate', '--from', 'sqlite:none.db', '--to', 'b'], /no such SQLite file/],
    [['migrate', '--from', 'wrong.mjs', '--to', 'b'], /neither a store nor \{ store, close \}/],
    [['migrate', '--from', 'older.mjs', '--to', 'older.mjs?'], /a store without scan/],
  ])('%j', async (args, message) => {
    writeFileSync(join(folder, 'wrong.mjs'), 'export default { get() {} }')
    writeFileSync(join(folder, 'older.mjs'), 'export default { get() {}, set() {}, destroy() {} }')
    const { code, out, err } = await run(args)
    expect([code, out]).toEqual([2, ''])
    expect(err).toMatch(message)
    expect(err).toMatch(/^koa-sess: [^\n]+\n$/)
    expect(err).not.toContain('a:b')
  })
})

test('without --write it counts, and writes nothing', async () => {
  change(to, (data) => Object.assign(data.records, sessions(1)))
  const { code, out } = await migrate()
  expect(code).toBe(0)
  expect(out).toContain('to copy: 4\nalready there: 1\n')
  expect(out).toContain('Nothing was written')
  expect(Object.keys(read(to).records)).toHaveLength(1)
})

test('with --write it copies, values and deadlines', async () => {
  const { code, out } = await migrate('--write')
  expect(code).toBe(0)
  expect(out).toBe('copied: 5\nalready there: 0\nended meanwhile: 0\nexpired: 0\nfailed: 0\n')
  expect(read(to).records).toEqual(read(from).records)
  expect(Object.keys(read(from).records)).toHaveLength(5)
})

test('tombstones, other prefixes and what has expired are left', async () => {
  change(from, ({ records }) => {
    records['koa:sess:ended'] = { value: tombstone(later), expiresAt: later }
    records['koa:sess:expired'] = { value: '{}', expiresAt: Date.now() - 1 }
    records['other:0'] = { value: '{}', expiresAt: later }
  })
  const { out } = await migrate('--write')
  expect(out).toContain('copied: 5\nalready there: 0\nended meanwhile: 1\n')
  expect(read(to).records).toEqual(sessions(5))
  expect((await migrate('--write', '--prefix', 'other:')).out).toContain('copied: 1\n')
})

test('what is there is not overwritten; a copy of before lasts as long as the session by now', async () => {
  change(to, ({ records }) => {
    records['koa:sess:0'] = { value: '{"newer":1}', expiresAt: later }
    records['koa:sess:1'] = { value: '{"secret":1}', expiresAt: later - 1000 }
  })
  const { code, out } = await migrate('--write')
  expect([code, out]).toEqual([0, expect.stringContaining('copied: 3\nalready there: 2\n')])
  expect(read(to).records).toEqual({
    ...sessions(5),
    'koa:sess:0': { value: '{"newer":1}', expiresAt: later },
  })
})

describe('--state', () => {
  test('interrupted, it ends the batch and keeps the cursor; the next run goes on from there', async () => {
    change(from, (data) => Object.assign(data, { interrupt: 2 }))
    const first = await migrateInterrupted('--write', '--state', state)
    expect(first.code).toBe(130)
    expect(first.err).toContain('interrupted; run it again to go on')
    expect(Object.keys(read(to).records)).toHaveLength(4)
    change(from, (data) => Object.assign(data, { interrupt: 0, cursors: [] }))
    const second = await migrate('--write', '--state', state)
    expect([second.code, second.out]).toEqual([0, expect.stringContaining('copied: 5\n')])
    expect(read(from).cursors).toEqual(['koa:sess:3'])
    expect(read(to).records).toEqual(sessions(5))
  })

  test('a finished run says so, and does nothing', async () => {
    await migrate('--write', '--state', state)
    change(to, (data) => Object.assign(data, { records: {} }))
    const { code, out } = await migrate('--write', '--state', state)
    expect([code, out]).toEqual([
      0,
      expect.stringMatching(/finished by an earlier run.*copied: 5/s),
    ])
    expect(read(to).records).toEqual({})
  })

  test('a dry run counts for the bar, and leaves the cursor', async () => {
    await migrate('--state', state)
    expect(JSON.parse(readFileSync(state, 'utf8'))).toMatchObject({ expected: 5, done: false })
    const { err } = await migrate('--write', '--state', state)
    expect(err).toContain('% ')
    expect(JSON.parse(readFileSync(state, 'utf8'))).toMatchObject({ expected: 5, done: true })
  })

  test('one of other stores, or no state, is refused', async () => {
    await migrate('--state', state)
    const other = await migrate('--state', state, '--prefix', 'other:')
    expect([other.code, other.err]).toEqual([2, expect.stringContaining('of other stores')])
    const { of } = JSON.parse(readFileSync(state, 'utf8'))
    for (const text of ['not JSON', JSON.stringify({ of, done: false, counts: {} })]) {
      writeFileSync(state, text)
      const none = await migrate('--state', state)
      expect([none.code, none.err]).toEqual([2, expect.stringContaining('not one of koa-sess')])
    }
  })
})

describe('failures', () => {
  test('a session that fails is counted, and the others are copied', async () => {
    change(to, (data) => Object.assign(data, { poison: 'koa:sess:2' }))
    const { code, out, err } = await migrate('--write')
    expect([code, out]).toEqual([1, expect.stringMatching(/copied: 4\n.*failed: 1\n/s)])
    expect(err).toContain(`1 session failed: --to (${to}): it threw an error without a code at `)
    expect(out + err).not.toContain('sess:2')
  })

  test('sessions that fail for one reason are one line, with their number', async () => {
    change(to, (data) => Object.assign(data, { full: true }))
    const { code, out, err } = await migrate('--write')
    expect([code, out]).toEqual([1, expect.stringMatching(/copied: 0\n.*failed: 5\n/s)])
    expect(err.match(/failed: /g)).toHaveLength(1)
    expect(err).toContain(`koa-sess: 5 sessions failed: --to (${to}): it is full (ENOSPC)\n`)
  })

  test('a session that fails in a dry run is an exit status of 1', async () => {
    change(to, (data) => Object.assign(data, { unreadable: 'koa:sess:2' }))
    const { code, out, err } = await migrate()
    expect([code, out]).toEqual([1, expect.stringMatching(/to copy: 4\n.*failed: 1\n/s)])
    expect(err).toContain(`1 session failed: --to (${to}): `)
  })

  test.each(['from', 'to'])('%s is away: it ends, without a word of what it read', async (side) => {
    change(side === 'from' ? from : to, (data) => Object.assign(data, { down: true }))
    for (const args of [[], ['--write']]) {
      const { code, out, err } = await migrate(...args, '--state', state)
      expect([code, out]).toEqual([1, ''])
      const address = side === 'from' ? from : to
      expect(err).toMatch(/^[^\n]+: it threw an error EDOWN at \S+file-store\.mjs:\d+\n$/)
      expect(err.startsWith(`koa-sess: --${side} (${address}): `)).toBe(true)
    }
  })

  test('a state that cannot be written', async () => {
    const { code, err } = await migrate('--state', join(folder, 'nowhere', 'state.json'))
    expect([code, err]).toEqual([
      2,
      expect.stringMatching(/the file of --state cannot be written: ENOENT\n$/),
    ])
  })

  test('a batch that met a store that is away is done again', async () => {
    change(from, (data) => Object.assign(data, { interrupt: 1 }))
    await migrateInterrupted('--write', '--state', state)
    change(from, (data) => Object.assign(data, { interrupt: 0 }))
    change(to, (data) => Object.assign(data, { down: true }))
    expect((await migrate('--write', '--state', state)).code).toBe(1)
    change(to, (data) => Object.assign(data, { down: false }))
    const { out } = await migrate('--write', '--state', state)
    expect(out).toContain('copied: 5\n')
    expect(read(to).records).toEqual(sessions(5))
  })
})

describe('modules', () => {
  const module = (name: string, text: string) => {
    const file = join(folder, `${name}.mjs`)
    writeFileSync(file, text)
    return file
  }
  const with_ = (file: string, ...args: string[]) =>
    runProcess(['migrate', '--from', from, '--to', file, ...args])

  test('that import what is not installed', async () => {
    const file = module('imports', "import 'no-such-package'")
    const { code, err } = await with_(file)
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(
        /^koa-sess: --to \(.*imports\.mjs\): the module no-such-package is missing: /,
      ),
    ])
  })

  test('that fail while they are loaded: the place, and not the message', async () => {
    const file = module('throws', "throw new Error('redis://user:secret@host')")
    const { code, err } = await with_(file)
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(
        /^koa-sess: --to \(.*\): it threw an error without a code at .*throws\.mjs:1\n$/,
      ),
    ])
  })

  test('whose client stays open: it ends all the same', async () => {
    const text = (close: string) => `
      import { createServer } from 'node:net'
      import { FileStore } from ${JSON.stringify(join(import.meta.dirname, 'file-store.mjs'))}
      const client = createServer().listen(0, '127.0.0.1')
      setInterval(() => undefined, 1000)
      export default { store: new FileStore(${JSON.stringify(`${to}.json`)})${close} }`
    const open = await with_(module('open', text('')), '--write')
    expect(open).toMatchObject({ code: 0, out: expect.stringContaining('copied: 5\n') })
    const closing = text(', close: () => new Promise(() => undefined)')
    expect(await with_(module('closing', closing), '--write')).toMatchObject({ code: 0 })
  })

  test('whose client cannot be closed: an exit status of 1', async () => {
    const file = module(
      'unclosable',
      `import { FileStore } from ${JSON.stringify(join(import.meta.dirname, 'file-store.mjs'))}
      const close = () => { throw new Error('secret') }
      export default { store: new FileStore(${JSON.stringify(`${to}.json`)}), close }`,
    )
    const { code, out, err } = await with_(file, '--write')
    expect([code, out]).toEqual([1, expect.stringContaining('copied: 5\n')])
    expect(err).toContain(`koa-sess: --to (${file}): it threw an error without a code at `)
  })

  test('whose client fails outside of any call: an exit status of 1, without its message', async () => {
    const file = module(
      'emits',
      `import { EventEmitter } from 'node:events'
      import { FileStore } from ${JSON.stringify(join(import.meta.dirname, 'file-store.mjs'))}
      class Store extends FileStore {
        load() {
          setImmediate(() => new EventEmitter().emit('error', new Error('secret')))
          return new Promise(() => undefined)
        }
      }
      export default new Store(${JSON.stringify(`${to}.json`)})`,
    )
    const { code, err } = await with_(file)
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(/^koa-sess: it threw an error [^\n]+\n$/),
    ])
    expect(err).not.toContain('secret')
  })

  test('that never answer, with nothing left to wait for', async () => {
    const file = module('silent', 'await new Promise(() => undefined)')
    const { code, err } = await with_(file)
    expect([code, err]).toEqual([1, expect.stringMatching(/^koa-sess: [^\n]+\n/)])
  }, 60_000)
})

describe('Redis', () => {
  const prefix = `command:${process.pid}:`
  let client: Redis
  let redis: RedisStore
  beforeAll(() => {
    client = new Redis(inject('redisUrl'), { db: 2 })
    redis = new RedisStore({ client })
  })
  afterAll(async () => {
    for (const key of await client.keys(`${prefix}*`)) await client.del(key)
    await client.quit()
  })
  const url = (db: number) => `${inject('redisUrl').replace(/\/\d*$/, '')}/${db}`

  test.each(['ioredis', 'iovalkey', 'redis'])('to Redis, by %s', async (driver) => {
    const project = projectWith(driver)
    const key = `${prefix}${driver}`
    change(from, ({ records }) => {
      records[key] = { value: '{"a":1}', expiresAt: later }
    })
    const args = ['migrate', '--from', from, '--to', url(2), '--prefix', prefix, '--write']
    expect(await runProcess(args, project)).toMatchObject({ code: 0, err: expect.any(String) })
    expect(await redis.load(key)).toBe('{"a":1}')
    expect(Math.abs((await client.pttl(key)) - (later - Date.now()))).toBeLessThan(5000)
  })

  test('that cannot be reached: one line', async () => {
    const url = 'redis://user:secret@127.0.0.1:1/0?password=secret'
    for (const args of [[], ['--write']]) {
      const result = await runProcess(['migrate', '--from', from, '--to', url, ...args], root)
      const where = 'koa-sess: --to (redis://127.0.0.1:1/0)'
      const why = 'the connection was refused: no server listens at this address (ECONNREFUSED)'
      expect(result).toEqual({ code: 1, out: '', err: `${where}: ${why}\n` })
    }
  })

  describe('that refuses the client', () => {
    let server: RedisServer
    beforeAll(async () => {
      server = await RedisServer.start(['--databases', '2'])
      await ask(server, (client) => client.config('SET', 'requirepass', 'right/?#@'))
    })
    afterAll(() => server[Symbol.asyncDispose]())

    test.each(['ioredis', 'redis'])('by %s', async (driver) => {
      const project = projectWith(driver)
      const reason = async (user: string, database = '') => {
        const url = `redis://${user}127.0.0.1:${server.port}${database}`
        const { code, out, err } = await run(['migrate', '--from', from, '--to', url], project)
        expect([code, out]).toEqual([1, ''])
        expect(err).toMatch(/^koa-sess: --to \(redis:[^\n]+\n$/)
        expect(err).not.toMatch(/wrong[:@]|right/)
        return err
      }
      expect(await reason(':wrong@')).toContain('the user or the password is wrong or missing')
      expect(await reason('')).toContain('the user or the password is wrong or missing')
      expect(await reason(':right%2F%3F%23%40@', '/7')).toContain(
        'the server has no database of this number',
      )
    })
  })

  test('a Cluster that hangs while the command runs ends it', async () => {
    const bus = `${await freePort()}`
    const server = await RedisServer.start([
      '--cluster-enabled',
      'yes',
      '--cluster-port',
      bus,
      '--cluster-announce-ip',
      '127.0.0.1',
    ])
    await ask(server, (client) => client.call('CLUSTER', 'ADDSLOTSRANGE', '0', '16383'))
    await until('it serves', async () =>
      `${await ask(server, (client) => client.cluster('INFO'))}`.includes('cluster_state:ok'),
    )
    for (const key of Object.keys(sessions(100)))
      await ask(server, (client) => client.set(key, '{}', 'PX', HOUR))
    change(to, (data) => Object.assign(data, { hold: 50 }))
    const cluster = clusterStore('hangs', server.port)
    const running = runProcess(['migrate', '--from', cluster, '--to', to, '--write'])
    await expect
      .poll(() => Object.keys(read(to).records).length, { timeout: 40_000 })
      .toBeGreaterThan(40)
    server.pause()
    release(to)
    const { code, err } = await running
    await server[Symbol.asyncDispose]()
    expect([code, err]).toEqual([
      1,
      expect.stringMatching(/^koa-sess: --from \([^)]+\): Redis did not answer [^\n]+\n$/),
    ])
  })

  test('that dies in the middle ends the command, with one line', async () => {
    const server = await RedisServer.start()
    const many = fileStore('many', { records: sessions(3000) })
    const to = ['--to', server.url, '--batch', '50', '--write']
    const running = runProcess(['migrate', '--from', many, ...to], root)
    const client = new Redis(server.url)
    await expect.poll(() => client.dbsize(), { timeout: 40_000 }).toBeGreaterThan(0)
    client.disconnect()
    await server.stop()
    const { code, err } = await running
    await server[Symbol.asyncDispose]()
    expect([code, err]).toEqual([1, expect.stringMatching(/^koa-sess: [^\n]+\n$/)])
  })

  describe('a source that restarts', () => {
    const records = sessions(300)
    let server: RedisServer
    const args = () => ['--from', server.url, '--to', to, '--batch', '20', '--state', state]
    /** It loads its data before it serves: a command that begins anew at once finds all sessions. */
    const restart = async () => {
      await ask(server, (client) => client.save())
      await server.restart()
    }
    async function fill() {
      const client = new Redis(server.url)
      const store = new RedisStore({ client })
      for (const [key, { value }] of Object.entries(records)) await store.create(key, value, later)
      client.disconnect()
    }
    beforeEach(async () => {
      server = await RedisServer.start()
      await fill()
    })
    afterEach(() => server[Symbol.asyncDispose]())

    test('while the command runs: no session is missed', async () => {
      change(to, (data) => Object.assign(data, { hold: 150 }))
      const running = runProcess(['migrate', ...args(), '--write'], root)
      // The rest of the batch is done once the number stays the same: none reads Redis as it restarts.
      let copied = 0
      const isWaiting = () => {
        const before = copied
        copied = Object.keys(read(to).records).length
        return copied > 140 && copied === before
      }
      await expect.poll(isWaiting, { timeout: 40_000, interval: 100 }).toBe(true)
      await restart()
      release(to)
      expect(await running).toMatchObject({ code: 0 })
      expect(Object.keys(read(to).records)).toHaveLength(300)
    })

    test('between a run and the next: no session is missed', async () => {
      change(to, (data) => Object.assign(data, { interruptCreate: 150 }))
      expect(await runProcess(['migrate', ...args(), '--write'], root)).toMatchObject({ code: 130 })
      await restart()
      change(to, (data) => Object.assign(data, { interruptCreate: 0 }))
      expect(await run(['migrate', ...args(), '--write'], root)).toMatchObject({ code: 0 })
      expect(Object.keys(read(to).records)).toHaveLength(300)
    })
  })

  test('from Redis to Redis', async () => {
    const other = new Redis(url(3))
    for (let count = 0; count < 500; count++)
      await redis.create(`${prefix}many:${count}`, `{"n":${count}}`, later)
    const args = ['--from', url(2), '--to', url(3), '--prefix', `${prefix}many:`]
    const { out } = await run(['migrate', ...args, '--write', '--state', state], root)
    expect(out).toMatch(/^copied: 500\n/)
    expect(await other.get(`${prefix}many:321`)).toBe('{"n":321}')
    const keys = await other.keys(`${prefix}*`)
    expect(keys).toHaveLength(500)
    await other.del(...keys)
    await other.quit()
  })
})

/** A project that has this driver and no other one. */
function projectWith(driver: string): string {
  const project = mkdtempSync(join(folder, 'project-'))
  mkdirSync(join(project, 'node_modules'))
  symlinkSync(join(root, 'node_modules', driver), join(project, 'node_modules', driver), 'dir')
  return project
}

function sessions(count: number): Data['records'] {
  return Object.fromEntries(
    Array.from({ length: count }, (_, at) => [
      `koa:sess:${at}`,
      { value: '{"secret":1}', expiresAt: later },
    ]),
  )
}
