import { createHash } from 'node:crypto'
import { ONE_DAY } from '../../util/duration.js'
import { unavailable } from '../../util/errors.js'
import type { Page, StoredRecord } from '../contract.js'
import type { Command } from './command.js'
import type { Ask, Connection, RedisNode } from './connection.js'
import { wordsOf } from './errors.js'

const NO_DEADLINE = -1

/** A page of the records of all primaries, one after another. */
export async function scan(
  connection: Connection,
  ask: Ask,
  now: () => number,
  { prefix, cursor, count }: { prefix: string; cursor: string | undefined; count: number },
): Promise<Page> {
  const primaries = await ask(Promise.resolve(connection.primaries()))
  const nodes = primaries.toSorted(byAddress)
  const begun = place(cursor, nodes)
  const node = nodes[begun.node]
  if (!node) throw unavailable('The client knows no primary to scan: is it connected?')
  const pattern = `${escaped(connection.keyPrefix + prefix)}*`
  const command: Command = ['scan', begun.at, 'MATCH', pattern, 'COUNT', `${count}`]
  const reply = await ask(node.send(command))
  const [next, found] = Array.isArray(reply) ? reply : ['0', []]
  const keys: string[] = found.map((key: unknown) => `${key}`.slice(connection.keyPrefix.length))
  const read = (key: string) => record(key, (command) => ask(connection.send(command)), now)
  const records = (await Promise.all(keys.map(read))).filter((one) => one !== undefined)
  const [index, at] = `${next}` === '0' ? [begun.node + 1, '0'] : [begun.node, `${next}`]
  const over = index >= nodes.length
  return { records, cursor: over ? undefined : `${fingerprint(nodes)}:${index}:${at}` }
}

/**
 * A cursor is good for the primaries that it was made with. After a failover there are others, whose
 * cursors are their own and who may have been passed: from the beginning, so that none is missed.
 */
function place(cursor: string | undefined, nodes: RedisNode[]): { node: number; at: string } {
  const [of, node = '', at = ''] = cursor?.split(':') ?? []
  const known = of === fingerprint(nodes) && Number(node) < nodes.length && /^\d+$/.test(at)
  return known ? { node: Number(node), at } : { node: 0, at: '0' }
}

function fingerprint(nodes: RedisNode[]): string {
  const addresses = nodes.map(({ address }) => address).join()
  return createHash('sha1').update(addresses).digest('hex').slice(0, 8)
}

function byAddress(one: RedisNode, other: RedisNode): number {
  return one.address < other.address ? -1 : 1
}

async function record(
  key: string,
  send: (command: Command) => Promise<unknown>,
  now: () => number,
): Promise<StoredRecord | undefined> {
  const [value, left] = await Promise.all([
    send(['get', key]).catch(otherKind),
    send(['pttl', key]),
  ])
  const ms = Number(left)
  if (value === null || value === undefined || (ms <= 0 && ms !== NO_DEADLINE)) return undefined
  // Older packages may store without a deadline; a session that nobody ends must not live forever elsewhere.
  return { key, value: `${value}`, expiresAt: now() + (ms === NO_DEADLINE ? ONE_DAY : ms) }
}

/** Lists and hashes of the same prefix are no sessions. */
function otherKind(error: unknown): undefined {
  if (!wordsOf(error).startsWith('WRONGTYPE')) throw error
}

/** A prefix is text: what is a pattern to SCAN in it is escaped. */
function escaped(text: string): string {
  return text.replace(/[\\*?[\]^-]/g, '\\$&')
}
