import { execFile } from 'node:child_process'
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type * as nodeTest from 'node:test'
import { build } from 'tsdown'
import { afterAll, beforeAll, describe, expect, it, test } from 'vitest'
import { MemoryStore } from '../../src/index.js'
import { type StoreTests, testStore } from '../../src/testing.js'

type Runner = Pick<StoreTests, 'describe' | 'it'>

/** What Mocha's own types say, as far as it matters. */
interface Mocha {
  describe: { (title: string, fn: (this: { timeout(): number }) => void): object; skip: object }
  it: {
    (title: string, fn?: (this: object, done: (error?: Error) => void) => void): object
    (title: string, fn?: (this: object) => PromiseLike<unknown>): object
    only: object
  }
}

const root = join(import.meta.dirname, '../..')
let folder = ''

// The suite as one file without TypeScript, in a folder where no other package can be found.
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'koa-sess-runners-'))
  await build({
    config: false,
    entry: {
      testing: join(root, 'src/testing.ts'),
      memory: join(root, 'src/stores/memory/store.ts'),
    },
    outDir: folder,
    clean: false,
    dts: false,
    logLevel: 'warn',
    checks: { pluginTimings: false },
  })
})
afterAll(() => rm(folder, { recursive: true, force: true }))

test('the types of Vitest, node:test and Mocha fit', () => {
  const fits = (runner: Runner) => runner
  const typed = [
    fits,
    (runner: typeof nodeTest) => fits(runner),
    (runner: Mocha) => fits(runner),
  ] as const
  expect(typed[0]({ describe, it })).toBeDefined()
})

test('the tests take no arguments: a runner would wait for a callback, or hand out fixtures', () => {
  const lengths: number[] = []
  testStore(() => new MemoryStore(), {
    describe: (_name, define) => define(),
    it: (_name, run) => lengths.push(run.length),
  })
  expect(new Set(lengths)).toEqual(new Set([0]))
})

test('it runs under node --test, and passes', async () => {
  const { code, output } = await nodeRuns(`
    import { describe, it } from 'node:test'
    import { MemoryStore } from './memory.mjs'
    import { ManualClock, testStore } from './testing.mjs'

    const clock = new ManualClock()
    testStore(() => new MemoryStore({ now: clock.now }), { describe, it, clock })
  `)
  expect(output).toMatch(/^# pass \d{3}$/m)
  expect(output).toMatch(/^# fail 0$/m)
  expect(code).toBe(0)
})

test('it runs under node --test, and fails by name', async () => {
  const { code, output } = await nodeRuns(`
    import { describe, it } from 'node:test'
    import { MemoryStore } from './memory.mjs'
    import { testStore } from './testing.mjs'

    class Bad extends MemoryStore {
      touch(key, expiresAt) {
        return super.touch(key, expiresAt) || super.create(key, '{}', expiresAt)
      }
    }
    testStore(() => new Bad(), { describe, it })
  `)
  expect(output).toMatch(
    /^ +not ok \d+ - touch: returns false for a missing key and never creates$/m,
  )
  expect(code).toBe(1)
})

test('it asks for nothing but Node itself', async () => {
  const code = await readFile(join(folder, 'testing.mjs'), 'utf8')
  const imported = [...code.matchAll(/from ["'](.+?)["']/g)].map(([, name]) => name)
  expect(imported.length).toBeGreaterThan(0)
  expect(imported.filter((name) => !/^node:|^\.\//.test(name ?? ''))).toEqual([])
})

async function nodeRuns(code: string): Promise<{ code: unknown; output: string }> {
  const file = join(folder, 'store.test.mjs')
  await writeFile(file, code)
  const { NODE_OPTIONS: _, NODE_TEST_CONTEXT: __, ...env } = process.env
  return new Promise((resolve) => {
    execFile(
      process.execPath,
      ['--test', '--test-reporter=tap', file],
      { cwd: folder, env },
      (error, output) => resolve({ code: error ? error.code : 0, output }),
    )
  })
}
