import { execFile } from 'node:child_process'
import { join } from 'node:path'
import { promisify } from 'node:util'
import { expect, test } from 'vitest'

const root = join(import.meta.dirname, '../..')

/** What a program of this folder prints, as JSON. It compiles the package by itself. */
async function run(name: string): Promise<unknown> {
  const args = ['--import', './bench/shared/typescript.mjs', `test/probes/${name}.mjs`]
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd: root })
  return JSON.parse(stdout)
}

// Cloudflare's workerd refuses random numbers and timers before the first request.
test('nothing random and no timer while modules load, and while a middleware is made', async () => {
  expect(await run('load')).toEqual({ loading: [], making: [], firstId: ['randomFillSync'] })
})

test('a guarded command that was answered retains none of those behind it', async () => {
  // A command that waits takes more than 50 bytes.
  expect(await run('timeout')).toBeLessThan(10)
})

test('requests over one connection are not retained until a full collection', async () => {
  // With a closure for each answer, they retained 1,900 bytes.
  expect(await run('requests')).toBeLessThan(500)
})
