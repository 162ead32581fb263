import { type CreateStore, type StoreTests, testStore } from '../../src/testing.js'

/** A runner of its own: runs the suite against a store, and says what it found. */
export async function collect(
  create: CreateStore,
  options: Omit<StoreTests, 'describe' | 'it'>,
  only = /^/,
): Promise<{ titles: string[]; failures: Map<string, unknown> }> {
  const tests: [string, () => Promise<void>][] = []
  const path: string[] = []
  testStore(create, {
    describe(name, define) {
      path.push(name)
      define()
      path.pop()
    },
    it(name, test) {
      const title = `${path.slice(1).join(' > ')} > ${name}`
      if (only.test(title)) tests.push([title, test])
    },
    ...options,
  })
  const failures = new Map<string, unknown>()
  for (const [title, test] of tests) {
    await test().catch((error: unknown) => failures.set(title, error))
  }
  return { titles: tests.map(([title]) => title), failures }
}
