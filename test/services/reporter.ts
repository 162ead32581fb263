import type { Reporter, SerializedError, TestModule } from 'vitest/node'

/** Ends the run on `N passed, N failed`; a run in which nothing passed or failed is a failure. */
export default class Counts implements Reporter {
  onTestRunEnd(modules: readonly TestModule[], errors: readonly SerializedError[]): void {
    let passed = 0
    // Errors outside of tests: of an import, a hook, a promise that was not awaited.
    let failed = errors.length
    for (const module of modules) {
      failed += module.errors().length
      for (const suite of module.children.allSuites()) failed += suite.errors().length
      for (const test of module.children.allTests()) {
        const { state } = test.result()
        if (state === 'passed') passed++
        if (state === 'failed') failed++
      }
    }
    if (passed + failed === 0) failed = 1
    if (failed > 0) process.exitCode = 1
    // After what the other reporters print at the end.
    setImmediate(() => console.log(`${passed} passed, ${failed} failed`))
  }
}
