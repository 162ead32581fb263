import { randomFillSync } from 'node:crypto'
import { SessionError } from '../util/errors.js'

/** 192 bits, above the 128 that ASVS 7.2.3 asks for: 32 base64url characters. */
const ID_BYTES = 24

/** One system call fills many ids: randomBytes(24) for each costs about ten times as much. */
const pool = Buffer.allocUnsafe(ID_BYTES * 128)
let next = pool.length

export function generateId(): string {
  if (next === pool.length) {
    randomFillSync(pool)
    next = 0
  }
  const id = pool.toString('base64url', next, next + ID_BYTES)
  // An id that was handed out must not stay readable in the pool.
  pool.fill(0, next, next + ID_BYTES)
  next += ID_BYTES
  return id
}

/**
 * Accepts UUIDs, hex, uid-safe, ids that begin with a prefix, and {hash tags}. Every accepted id is
 * safe in a cookie, a file name and a database key: no slash, space or control character.
 */
const ID_SHAPE = /^[\w:~+=@!|%{}-][\w.:~+=@!|%{}-]{15,255}$/

/** Whether a presented id may reach a store (ASVS 1.2.4): 16 to 256 characters, no dot segment. */
export function isId(id: unknown): id is string {
  return typeof id === 'string' && ID_SHAPE.test(id) && !id.includes('..')
}

/** The error for a new id of a session that has one. */
export function fixedId(): SessionError {
  return new SessionError(
    'ERR_SESSION_ID',
    'A stored session keeps its id: call regenerateSession() for a new one',
  )
}

/**
 * @throws {SessionError} ERR_SESSION_ID when `genSid` returned something that cannot be an id.
 */
export function assertId(id: unknown): asserts id is string {
  if (isId(id)) return
  throw new SessionError(
    'ERR_SESSION_ID',
    'genSid must return 16 to 256 characters of A-Z a-z 0-9 _ - . : ~ + = @ ! | % { }: return more randomness, in that alphabet',
  )
}
