import { SessionError, unavailable } from '../../util/errors.js'
import { keyInSlot, SLOTS } from './command.js'
import type { Connection, Guard, RedisNode } from './connection.js'

/** A primary, and what a cursor of its SCAN depends on. */
export interface ScanNode {
  readonly node: RedisNode
  /** The `run_id` of the server process, as the cursors of another process differ. */
  readonly process: string
  /** The slots of the node in a cluster, as ranges; empty: it is no cluster. */
  readonly slots: string
}

/** Of a node of a cluster that serves none. */
const NO_SLOTS = 'none'

/**
 * The primaries in a fixed order. In a cluster they hold all slots: while a failover lasts, a client
 * may know fewer primaries, and a scan would end without their records.
 * @throws {SessionError} ERR_SESSION_UNAVAILABLE if slots are missing or moving.
 */
export async function scanNodes(connection: Connection, guard: Guard): Promise<ScanNode[]> {
  const nodes = await inspectAll(connection, guard)
  const missing = missingSlot(nodes)
  if (missing === undefined) return nodes
  // The client looks for the primary of a slot when a command needs it.
  const key = keyInSlot(missing, connection.keyPrefix)
  if (key !== undefined) await guard(connection.send(['exists', key]))
  const again = await inspectAll(connection, guard)
  if (missingSlot(again) === undefined) return again
  throw unavailable(
    'The client does not know all primaries of the cluster, so a scan would miss records. Wait until the failover is done, and use a client for clusters.',
  )
}

async function inspectAll(connection: Connection, guard: Guard): Promise<ScanNode[]> {
  const primaries = await guard(Promise.resolve(connection.primaries()))
  const nodes = await Promise.all(primaries.map((node) => inspect(node, guard)))
  return nodes.toSorted((one, other) => (one.process < other.process ? -1 : 1))
}

async function inspect(node: RedisNode, guard: Guard): Promise<ScanNode> {
  const server = String(await guard(node.send(['info', 'server'])))
  const process = /^run_id:(\w+)/m.exec(server)?.[1]
  if (process === undefined) {
    throw new SessionError(
      'ERR_SESSION_STORE',
      'The server reports no run_id (INFO server), so a scan cannot notice that it was replaced. Scan a Redis or Valkey server, without a proxy.',
    )
  }
  // Redis calls it redis_mode, Valkey server_mode.
  const isCluster = /^\w+_mode:cluster/m.test(server)
  return { node, process, slots: isCluster ? await slotsOf(node, guard) : '' }
}

/** The slots that a node of a cluster serves. */
async function slotsOf(node: RedisNode, guard: Guard): Promise<string> {
  const [info, nodes] = await Promise.all([
    guard(node.send(['cluster', 'info'])),
    guard(node.send(['cluster', 'nodes'])),
  ])
  // Fields: id, address, flags, primary, ping, pong, epoch, link state, and the ranges of slots.
  const fields = /^.*\bmyself\b.*$/m.exec(String(nodes))?.[0].trim().split(' ') ?? []
  const slots = fields.slice(8).join()
  if (slots.includes('[')) {
    throw unavailable(
      'Slots of the cluster are moving between nodes, so a scan could miss records. Scan after the resharding.',
    )
  }
  // A primary that restarted may not know yet that it was replaced. It is not ok until then.
  return String(info).includes('cluster_state:ok') && slots ? slots : NO_SLOTS
}

/** The first slot of a cluster that no node serves; undefined: there is none, or it is no cluster. */
function missingSlot(nodes: ScanNode[]): number | undefined {
  if (nodes.every(({ slots }) => slots === '')) return undefined
  const ranges = nodes.flatMap(({ slots }) => slots.split(',').map(parseRange))
  let next = 0
  for (const { from, to } of ranges.toSorted((one, other) => one.from - other.from)) {
    if (from > next) return next
    next = Math.max(next, to + 1)
  }
  return next < SLOTS ? next : undefined
}

/** A range is `5-7`, or `5` alone. NO_SLOTS becomes a range after all slots. */
function parseRange(text: string): { from: number; to: number } {
  const [from = Number.NaN, to = from] = text.split('-').map(Number)
  return Number.isNaN(from) ? { from: SLOTS, to: SLOTS } : { from, to }
}
