import { duration } from '../../util/duration.js'
import { SessionError, unavailable } from '../../util/errors.js'
import { assertKnownOptions } from '../../util/shape.js'
import { type Command, keyOf } from './command.js'
import type { Connection, Guard, RedisNode, Router } from './connection.js'
import { serverMessage } from './errors.js'
import { ReplicaCounts } from './replica-counts.js'

/**
 * How many replicas must have a write before it succeeds.
 * @since 1.0.0
 */
export interface WaitReplicas {
  /**
   * A number from 1. Or `'all'`: as many as the primary has connected, or had at some time since the
   * store first wrote to it, and at least 1.
   */
  replicas: number | 'all'
  /** How long to wait for them, in ms; at most `commandTimeout`. */
  timeout: number
}

/** The result of a WAIT. */
interface Confirmation {
  count: number
  wanted: number
}

/** The node for the next attempt. `isAsking`: send ASKING first, as a slot is moving to the node. */
interface Target {
  node: RedisNode | undefined
  isAsking: boolean
}

const MAX_REDIRECTS = 16
const REDIRECT = /^(MOVED|ASK) \d+ (\S+)/

/**
 * Sends writes that succeed only once the replicas have them. WAIT covers the writes of its own
 * connection, so both go to the same node. If the connection changed in between, WAIT confirms nothing.
 */
export class ReplicatedWriter {
  readonly #connection: Connection
  readonly #router: Router
  readonly #options: WaitReplicas
  readonly #guard: Guard
  readonly #replicaCounts = new ReplicaCounts()
  /** By client: the WAIT that is sent at the end of this turn, shared by all writes of the turn. */
  readonly #pendingWaits = new Map<object, Promise<Confirmation>>()

  /**
   * @param maxTimeout The `commandTimeout` in ms: a WAIT that is cut off would not count the replicas.
   * @throws {SessionError} ERR_SESSION_OPTION, ERR_SESSION_DURATION, or ERR_SESSION_CLIENT if the
   * client does not expose the connection of a write.
   */
  constructor(connection: Connection, options: unknown, maxTimeout: number, guard: Guard) {
    this.#options = checkOptions(options, maxTimeout)
    if (!connection.router) {
      throw new SessionError(
        'ERR_SESSION_CLIENT',
        'waitReplicas needs to know the connection of each write, and this client does not expose it. Use Redis or Cluster of ioredis or iovalkey, or createClient or createCluster of node-redis.',
      )
    }
    this.#connection = connection
    this.#router = connection.router
    this.#guard = guard
  }

  /**
   * Sends a command, and follows redirections of a cluster. Waits for the replicas if the reply means
   * that something was written.
   * @throws {SessionError} ERR_SESSION_UNAVAILABLE if too few replicas have it in time. The write is
   * stored on the primary all the same.
   */
  async write(command: Command, isWritten: (reply: unknown) => boolean): Promise<unknown> {
    const key = keyOf(command)
    let target: Target = { node: await this.#primaryOf(key), isAsking: false }
    for (let redirects = 0; ; redirects++) {
      try {
        return await this.#writeTo(target, command, isWritten)
      } catch (error) {
        const redirect = REDIRECT.exec(serverMessage(error))
        if (redirects >= MAX_REDIRECTS || (target.node && !redirect)) throw error
        const [, code, address = ''] = redirect ?? []
        target =
          code === 'ASK'
            ? { node: await this.#nodeAt(address), isAsking: true }
            : { node: await this.#refreshPrimary(key), isAsking: false }
      }
    }
  }

  async #writeTo(
    { node, isAsking }: Target,
    command: Command,
    isWritten: (reply: unknown) => boolean,
  ): Promise<unknown> {
    if (!node) throw unavailable('The client knows no primary for this session at the moment.')
    if (isAsking) node.send(['asking']).catch(() => undefined)
    const reply = await this.#guard(node.send(command))
    if (isWritten(reply)) await this.#waitForReplicas(node, node.connectionId())
    return reply
  }

  /** Sends a read through the client, which then learns where the key is now. */
  async #refreshPrimary(key: string): Promise<RedisNode | undefined> {
    await this.#guard(this.#connection.send(['exists', key]))
    return this.#primaryOf(key)
  }

  #primaryOf(key: string): Promise<RedisNode | undefined> {
    return this.#guard(Promise.resolve(this.#router.primaryOf(key)))
  }

  #nodeAt(address: string): Promise<RedisNode | undefined> {
    return this.#guard(Promise.resolve(this.#router.nodeAt(address)))
  }

  async #waitForReplicas(node: RedisNode, connectionId: unknown): Promise<void> {
    const { count, wanted } = await this.#sharedWait(node)
    if (connectionId === undefined || node.connectionId() !== connectionId) {
      throw unavailable(
        'The connection broke after a write, before the replicas confirmed it, so the write may or may not be kept.',
      )
    }
    if (count >= wanted) return
    const { timeout } = this.#options
    throw unavailable(
      `A write is stored on the primary, but only ${count} of ${wanted} replicas have it after ${timeout} ms. It is lost if the primary fails now. Check the replicas, or lower waitReplicas.`,
    )
  }

  #sharedWait(node: RedisNode): Promise<Confirmation> {
    const pending = this.#pendingWaits.get(node.client)
    if (pending) return pending
    const wait = new Promise((resolve) => setImmediate(resolve)).then(() => {
      this.#pendingWaits.delete(node.client)
      return this.#wait(node)
    })
    this.#pendingWaits.set(node.client, wait)
    return wait
  }

  async #wait(node: RedisNode): Promise<Confirmation> {
    const { replicas, timeout } = this.#options
    const wanted =
      replicas === 'all'
        ? this.#replicaCounts.wanted(String(await this.#guard(node.send(['info', 'replication']))))
        : replicas
    const count = Number(await this.#guard(node.send(['wait', `${wanted}`, `${timeout}`])))
    return { count, wanted }
  }
}

function checkOptions(options: unknown, maxTimeout: number): WaitReplicas {
  const { replicas, timeout } = Object(options)
  assertKnownOptions('waitReplicas', Object(options), ['replicas', 'timeout'])
  if (replicas !== 'all' && (!Number.isInteger(replicas) || replicas < 1)) {
    throw new SessionError(
      'ERR_SESSION_OPTION',
      "waitReplicas takes { replicas, timeout }: a number of replicas from 1 or 'all', and ms.",
    )
  }
  return { replicas, timeout: duration('waitReplicas.timeout', timeout, { most: maxTimeout }) }
}
