import { createHash } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { type Counts, NONE } from './copy.js'
import { UsageError } from './usage.js'

/** How far a run came. */
export interface State {
  /** Which stores and which prefix, without their passwords. */
  of: string
  /** How many sessions a dry run counted. */
  expected?: number | undefined
  cursor?: string | undefined
  counts: Counts
  done: boolean
}

/** One way to say which stores and which prefix are meant. */
export function fingerprint(...parts: string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}

/** @throws {UsageError} for a file that is none, or one of other stores. */
export async function readState(file: string | undefined, of: string): Promise<State> {
  const fresh = { of, counts: NONE, done: false }
  const text = file === undefined ? undefined : await readFile(file, 'utf8').catch(absent)
  if (text === undefined) return fresh
  const state = parsed(text)
  if (!isState(state))
    throw new UsageError('the file of --state is not one of koa-sess: name another one')
  if (state.of !== of)
    throw new UsageError(
      'the file of --state is of other stores or another prefix: name another one, or remove it',
    )
  return state
}

/** Whole or not at all, however the process ends. */
export async function writeState(file: string | undefined, state: State): Promise<void> {
  if (file === undefined) return
  await writeFile(`${file}.new`, JSON.stringify(state), { mode: 0o600 })
  await rename(`${file}.new`, file)
}

function isState(state: unknown): state is State {
  if (typeof state !== 'object' || state === null) return false
  if (!('of' in state && 'done' in state && 'counts' in state)) return false
  const { counts } = state
  return Object.keys(NONE).every((name) => Number.isInteger(Reflect.get(Object(counts), name)))
}

function parsed(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function absent(error: NodeJS.ErrnoException): undefined {
  if (error.code === 'ENOENT') return undefined
  throw new UsageError(`the file of --state cannot be read: ${error.code}`)
}
