import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest'
import { SqliteStore } from '../../src/stores/sql/sqlite.js'
import { type Bundle, bundle } from '../support/bundle.js'
import { libsql } from '../support/sqlite.js'
import { temporaryFolder } from '../support/temporary.js'
import { contents } from './values.js'

// KILL_ROUNDS=500 npx vitest run test/crash looks longer.
const ROUNDS = Number(process.env.KILL_ROUNDS ?? 10)
const MOST_ACKNOWLEDGED = 400

const file = temporaryFolder()('sessions.db')
let program: Bundle
beforeAll(async () => {
  program = await bundle(import.meta.dirname, 'writer.ts')
}, 60_000)
afterAll(() => program.remove())

let children: ChildProcess[] = []
afterEach(() => {
  for (const child of children) child.kill('SIGKILL')
  children = []
})

/** Lets a writer write until it has acknowledged so many calls, and kills it. @returns all it acknowledged. */
async function killed(writer: string, after: number): Promise<string[]> {
  const env = { ...process.env, FILE: file, WRITER: writer }
  const child = spawn(process.execPath, [program.file], {
    env,
    stdio: ['ignore', 'pipe', 'inherit'],
  })
  children.push(child)
  let output = ''
  let lines = 0
  child.stdout.on('data', (text: Buffer) => {
    output += text
    lines += text.toString().split('\n').length - 1
    if (lines >= after) child.kill('SIGKILL')
  })
  const [, signal] = await once(child, 'close')
  expect(signal).toBe('SIGKILL')
  return output.split('\n').slice(0, -1)
}

/** What has to be there, and what may be: the call that was under way when the signal came. */
function states(acknowledged: string[]): { sure: Map<number, string>; open: [number, string[]] } {
  const sure = new Map<number, string>()
  for (const line of acknowledged) {
    const [call, number] = line.split(' ')
    sure.set(Number(number), call === 'create' ? 'old' : 'new')
  }
  const last = sure.size - 1
  // Every call is acknowledged before the next one begins.
  if (sure.get(last) === 'old') return { sure, open: [last, ['old', 'new']] }
  return { sure, open: [sure.size, ['', 'old']] }
}

test(`two writers killed with -9, ${ROUNDS} times: all that was acknowledged is there`, {
  timeout: 30_000 + ROUNDS * 5000,
}, async () => {
  let acknowledged = 0
  for (let round = 0; round < ROUNDS; round++) {
    const writers = [`${round}a`, `${round}b`]
    const told = await Promise.all(
      writers.map((writer) => killed(writer, 1 + Math.floor(Math.random() * MOST_ACKNOWLEDGED))),
    )
    // As a process that starts anew finds it: the log of what was written ahead is not merged yet.
    const client = libsql.open(file)
    const store = new SqliteStore({ client, pruneInterval: 0 })
    expect(client.prepare('PRAGMA integrity_check').get()).toMatchObject({ integrity_check: 'ok' })
    for (const [at, writer] of writers.entries()) {
      const lines = told[at] ?? []
      const { sure, open } = states(lines)
      acknowledged += lines.length
      const [unsure, words] = open
      for (const [number, word] of sure)
        if (number !== unsure)
          expect(await store.load(`${writer}:${number}`)).toBe(contents(number, word))
      const found = await store.load(`${writer}:${unsure}`)
      expect(words.map((word) => (word ? contents(unsure, word) : undefined))).toContain(found)
      expect(await store.load(`${writer}:${unsure + 1}`)).toBeUndefined()
    }
    store.close()
    client.close()
  }
  console.log(`${ROUNDS * 2} writers killed, ${acknowledged} calls acknowledged, none lost`)
})
