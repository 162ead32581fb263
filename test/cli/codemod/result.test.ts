import { randomBytes } from 'node:crypto'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { afterAll, afterEach, expect, test, vi } from 'vitest'
import { transform } from '../../../src/codemod/transform.js'
import type { Browser } from '../../support/browser.js'
import { runProgram } from '../../support/program.js'

// An application of koa-session runs, is rewritten, and runs again: its visitors stay logged in.

const folder = join(import.meta.dirname, '../generated')
afterAll(() => rmSync(folder, { recursive: true, force: true }))
afterEach(() => {
  vi.unstubAllEnvs()
})

function visitProgram(name: string, code: string, visit: (browser: Browser) => Promise<unknown>) {
  mkdirSync(folder, { recursive: true })
  const file = join(folder, name)
  writeFileSync(file, code)
  return runProgram(file, async ([browser]) => {
    if (browser) await visit(browser)
  })
}

/** @returns what the rewritten application answers to a visitor of the old one. */
async function visitBeforeAndAfter(fixture: string, path: string): Promise<string> {
  const file = join(import.meta.dirname, 'koa-session', `${fixture}.input`)
  // Version 7 refuses this line of its own README.
  const input = readFileSync(file, 'utf8').replace(/^.*sameSite: null.*\n/m, '')
  const task = { parser: ts, name: 'koa-session', today: Date.now() } as const
  let cookie = ''
  await visitProgram(`old-${fixture}`, input, async (browser) => {
    await browser.get('/')
    cookie = browser.cookie
  })
  let text = ''
  const { text: code } = transform(task, fixture, input)
  await visitProgram(`new-${fixture}`, code, async (browser) => {
    text = (await browser.get(path, { cookie })).text
  })
  return text
}

test('with a store, and what regenerate keeps', async () => {
  expect(await visitBeforeAndAfter('store.mjs', '/login')).toBe('2 views, 1 keys')
})

test('in the cookie', async () => {
  vi.stubEnv('SESSION_SECRET', randomBytes(32).toString('hex'))
  expect(await visitBeforeAndAfter('readme.mjs', '/')).toBe('2 views')
})
