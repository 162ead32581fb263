import { createHash } from 'node:crypto'
import { readFile, rename, writeFile } from 'node:fs/promises'
import { parseObject } from '../util/json.js'
import { type Counts, NO_COUNTS } from './outcome.js'
import { UsageError } from './usage.js'

/** The progress of a run, as the file of --state holds it. */
export interface State {
  /** The fingerprint of stores and prefix. */
  of: string
  /** The number of sessions that a dry run counted. */
  expected?: number | undefined
  cursor?: string | undefined
  counts: Counts
  done: boolean
}

/** A hash of stores and prefix, so that a state file of another migration is refused. */
export function fingerprint(...parts: string[]): string {
  return createHash('sha256').update(JSON.stringify(parts)).digest('hex')
}

/** @throws {UsageError} for a file that is no state, or the state of another migration. */
export async function readState(file: string | undefined, of: string): Promise<State> {
  const fresh = { of, counts: NO_COUNTS, done: false }
  const text = file === undefined ? undefined : await readFile(file, 'utf8').catch(absent)
  if (text === undefined) return fresh
  const state = parseObject(text)
  if (!isState(state))
    throw new UsageError('the file of --state is not one of koa-sess: name another one')
  if (state.of !== of)
    throw new UsageError(
      'the file of --state is of other stores or another prefix: name another one, or remove it',
    )
  return state
}

/**
 * Writes a new file and renames it: a process that dies leaves the old state or the new one.
 * @throws {UsageError} for a file that cannot be written.
 */
export async function writeState(file: string | undefined, state: State): Promise<void> {
  if (file === undefined) return
  try {
    await writeFile(`${file}.new`, JSON.stringify(state), { mode: 0o600 })
    await rename(`${file}.new`, file)
  } catch (error) {
    throw new UsageError(`the file of --state cannot be written: ${codeOf(error)}`)
  }
}

function isState(state: object | undefined): state is State {
  if (!state || !('of' in state && 'done' in state && 'counts' in state)) return false
  const counts = Object(state.counts)
  return Object.keys(NO_COUNTS).every((name) => Number.isInteger(Reflect.get(counts, name)))
}

function absent(error: unknown): undefined {
  if (codeOf(error) === 'ENOENT') return undefined
  throw new UsageError(`the file of --state cannot be read: ${codeOf(error)}`)
}

function codeOf(error: unknown): string {
  return String(Reflect.get(Object(error), 'code'))
}
