import { createHash } from 'node:crypto'
import { ONE_DAY } from '../../util/duration.js'
import { unavailable } from '../../util/errors.js'
import type { ScanPage, StoredRecord } from '../contract.js'
import type { Command } from './command.js'
import type { Connection, Guard } from './connection.js'
import { serverMessage } from './errors.js'
import { type ScanNode, scanNodes } from './scan-nodes.js'
import { isNotText, textOf } from './text.js'

/** The reply of PTTL for a key without an expiry. */
const NO_EXPIRY = -1
const FINGERPRINT_LENGTH = 16
const CURSOR_BITS = 64
/** A cursor that no scan made, so it begins anew. */
const RESTART = 'restart'

/** Where a scan goes on: the index of a primary, and the cursor of its SCAN. */
interface Position {
  index: number
  cursor: string
}

interface ScanRequest {
  prefix: string
  cursor: string | undefined
  count: number
}

/**
 * Scans the primaries one after another. A cursor is `fingerprint:index:cursor`.
 *
 * A cursor of SCAN is valid only in the process that made it. If a server restarted or failed over,
 * or slots moved, the scan begins anew, so that it misses no record.
 */
export async function scan(
  connection: Connection,
  guard: Guard,
  now: () => number,
  { prefix, cursor, count }: ScanRequest,
): Promise<ScanPage> {
  const nodes = await scanNodes(connection, guard)
  const start = parseCursor(cursor, nodes)
  const node = nodes[start.index]?.node
  if (!node) throw unavailable('The client knows no primary to scan. Check that it is connected.')
  const pattern = `${escapePattern(connection.keyPrefix + prefix)}*`
  const command: Command = ['scan', start.cursor, 'MATCH', pattern, 'COUNT', `${count}`]
  const reply = await guard(node.send(command))
  const [next, found] = Array.isArray(reply) ? reply : ['0', []]
  const keys: string[] = found.map((key: unknown) => `${key}`.slice(connection.keyPrefix.length))
  const read = (key: string) => readRecord(key, connection, guard, now)
  // Looks at the nodes again, as one of them may have been replaced before it answered the SCAN.
  const [after, ...records] = await Promise.all([scanNodes(connection, guard), ...keys.map(read)])
  const isSame = fingerprint(after) === fingerprint(nodes)
  return {
    records: records.filter((record) => record !== undefined),
    cursor: isSame ? formatCursor(nodes, start.index, `${next}`) : RESTART,
  }
}

function parseCursor(cursor: string | undefined, nodes: ScanNode[]): Position {
  const [made, index = '', at = ''] = cursor?.split(':') ?? []
  const isValid = made === fingerprint(nodes) && Number(index) < nodes.length && /^\d+$/.test(at)
  return isValid ? { index: Number(index), cursor: at } : { index: 0, cursor: '0' }
}

/**
 * Which part of the keys of a single server a scan has seen at its cursor, from 0 to 1. SCAN counts with
 * the bits of its 64-bit cursor reversed. undefined: the cursor is not one of these.
 */
export function scannedPart(cursor: string): number | undefined {
  const at = /^[0-9a-f]+:0:(\d+)$/.exec(cursor)?.[1]
  if (at === undefined) return undefined
  const bits = BigInt(at).toString(2).padStart(CURSOR_BITS, '0')
  return Number(BigInt(`0b${[...bits].reverse().join('')}`)) / 2 ** CURSOR_BITS
}

/** SCAN returns the cursor 0 at the end of a node; after the last node the scan is complete. */
function formatCursor(nodes: ScanNode[], index: number, cursor: string): string | undefined {
  const following = cursor === '0' ? index + 1 : index
  return following < nodes.length ? `${fingerprint(nodes)}:${following}:${cursor}` : undefined
}

function fingerprint(nodes: ScanNode[]): string {
  const states = nodes.map(({ process, slots }) => `${process} ${slots}`).join()
  return createHash('sha1').update(states).digest('hex').slice(0, FINGERPRINT_LENGTH)
}

async function readRecord(
  key: string,
  connection: Connection,
  guard: Guard,
  now: () => number,
): Promise<StoredRecord | undefined> {
  const [reply, ttl] = await Promise.all([
    guard(connection.read(['get', key])).catch(ignoreWrongType),
    guard(connection.send(['pttl', key])),
  ])
  const [value, ms] = [textOf(reply), Number(ttl)]
  if (value === undefined || isNotText(value) || (ms <= 0 && ms !== NO_EXPIRY)) return undefined
  // Older packages may store without an expiry; in the target store the copy must not live forever.
  return { key, value, expiresAt: now() + (ms === NO_EXPIRY ? ONE_DAY : ms) }
}

/** Lists, hashes and bytes with the same prefix are not sessions. */
function ignoreWrongType(error: unknown): undefined {
  if (!serverMessage(error).startsWith('WRONGTYPE')) throw error
}

/** Escapes the characters of a prefix that have a meaning in a pattern of SCAN. */
function escapePattern(text: string): string {
  return text.replace(/[\\*?[\]^-]/g, '\\$&')
}
