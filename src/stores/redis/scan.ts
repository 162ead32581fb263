import { createHash } from 'node:crypto'
import { ONE_DAY } from '../../util/duration.js'
import { unavailable } from '../../util/errors.js'
import type { Page, StoredRecord } from '../contract.js'
import type { Command } from './command.js'
import type { Connection, Guard, RedisNode } from './connection.js'
import { serverMessage } from './errors.js'

/** The reply of PTTL for a key without an expiry. */
const NO_EXPIRY = -1

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

/** Scans the primaries one after another. A cursor is `fingerprint:index:cursor`. */
export async function scan(
  connection: Connection,
  guard: Guard,
  now: () => number,
  { prefix, cursor, count }: ScanRequest,
): Promise<Page> {
  const primaries = await guard(Promise.resolve(connection.primaries()))
  const nodes = primaries.toSorted(byAddress)
  const start = parseCursor(cursor, nodes)
  const node = nodes[start.index]
  if (!node) throw unavailable('The client knows no primary to scan. Check that it is connected.')
  const pattern = `${escapePattern(connection.keyPrefix + prefix)}*`
  const command: Command = ['scan', start.cursor, 'MATCH', pattern, 'COUNT', `${count}`]
  const reply = await guard(node.send(command))
  const [next, found] = Array.isArray(reply) ? reply : ['0', []]
  const keys: string[] = found.map((key: unknown) => `${key}`.slice(connection.keyPrefix.length))
  const read = (key: string) => readRecord(key, (command) => guard(connection.send(command)), now)
  const records = (await Promise.all(keys.map(read))).filter((record) => record !== undefined)
  return { records, cursor: formatCursor(nodes, start.index, `${next}`) }
}

/**
 * A cursor is valid only for the primaries that it was made with. After a failover the scan restarts:
 * cursors of a new primary differ, and it may come before the index, so records would be missed.
 */
function parseCursor(cursor: string | undefined, nodes: RedisNode[]): Position {
  const [primaries, index = '', at = ''] = cursor?.split(':') ?? []
  const isValid =
    primaries === fingerprint(nodes) && Number(index) < nodes.length && /^\d+$/.test(at)
  return isValid ? { index: Number(index), cursor: at } : { index: 0, cursor: '0' }
}

/** SCAN returns the cursor 0 at the end of a node; after the last node the scan is complete. */
function formatCursor(nodes: RedisNode[], index: number, cursor: string): string | undefined {
  const following = cursor === '0' ? index + 1 : index
  return following < nodes.length ? `${fingerprint(nodes)}:${following}:${cursor}` : undefined
}

function fingerprint(nodes: RedisNode[]): string {
  const addresses = nodes.map(({ address }) => address).join()
  return createHash('sha1').update(addresses).digest('hex').slice(0, 8)
}

function byAddress(one: RedisNode, other: RedisNode): number {
  return one.address < other.address ? -1 : 1
}

async function readRecord(
  key: string,
  send: (command: Command) => Promise<unknown>,
  now: () => number,
): Promise<StoredRecord | undefined> {
  const [value, ttl] = await Promise.all([
    send(['get', key]).catch(ignoreWrongType),
    send(['pttl', key]),
  ])
  const ms = Number(ttl)
  if (value === null || value === undefined || (ms <= 0 && ms !== NO_EXPIRY)) return undefined
  // Older packages may store without an expiry; in the target store the copy must not live forever.
  return { key, value: `${value}`, expiresAt: now() + (ms === NO_EXPIRY ? ONE_DAY : ms) }
}

/** Lists and hashes with the same prefix are not sessions. */
function ignoreWrongType(error: unknown): undefined {
  if (!serverMessage(error).startsWith('WRONGTYPE')) throw error
}

/** Escapes the characters of a prefix that have a meaning in a pattern of SCAN. */
function escapePattern(text: string): string {
  return text.replace(/[\\*?[\]^-]/g, '\\$&')
}
