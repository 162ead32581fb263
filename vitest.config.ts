import { availableParallelism } from 'node:os'
import { fileURLToPath } from 'node:url'
import { defineConfig } from 'vitest/config'
import { LongestFirst } from './test/services/sequencer.js'

// The programs in the docs import the package by its name.
const src = (path: string) => fileURLToPath(new URL(`src/${path}`, import.meta.url))
const alias = [
  { find: /^koa-sess$/, replacement: src('index.ts') },
  { find: /^koa-sess\/([\w-]+)$/, replacement: src('$1.ts') },
]

// Files share workers: to load the same modules anew for each file took half of the time.
// Requests leave much garbage that is young: with more room for it, less of it is copied.
const shared = { isolate: false, execArgv: ['--max-semi-space-size=32'] }

const servers = {
  globalSetup: ['test/services/redis-setup.ts', 'test/services/databases-setup.ts'],
  setupFiles: ['test/support/close-shared.ts'],
  // Most of what runs side by side in a file waits for a deadline.
  maxConcurrency: 20,
  testTimeout: 60_000,
  // Servers start in hooks, and slowly where all processors are busy.
  hookTimeout: 120_000,
}

const projects = [
  {
    // In one process: no server starts, so that these answer within seconds.
    test: { ...shared, name: 'unit', include: ['test/unit/**/*.test.ts'] },
  },
  {
    resolve: { alias },
    test: {
      ...shared,
      ...servers,
      name: 'node',
      include: ['test/**/*.test.ts'],
      exclude: ['test/unit/**', 'test/browser/**', 'test/failover/**'],
    },
  },
  {
    // After all others: a Sentinel or a Cluster that gets no processor fails over by itself.
    resolve: { alias },
    test: {
      ...shared,
      ...servers,
      name: 'failover',
      include: ['test/failover/**/*.test.ts'],
      sequence: { groupOrder: 1 },
      maxWorkers: 2,
    },
  },
  {
    // Apart, so that Chromium is only asked for when these tests run.
    test: {
      ...shared,
      name: 'browser',
      include: ['test/browser/**/*.test.ts'],
      globalSetup: [
        'test/services/redis-setup.ts',
        'test/services/chromium-setup.ts',
        'test/browser/setup.ts',
      ],
      testTimeout: 60_000,
      hookTimeout: 120_000,
    },
  },
]

export default defineConfig({
  test: {
    projects,
    // Tests wait for servers, timers and other processes: more workers than processors.
    maxWorkers: Math.min(2 * availableParallelism(), 8),
    sequence: { sequencer: LongestFirst },
    reporters: ['default', './test/services/reporter.ts'],
  },
})
