import { duration } from '../../util/duration.js'
import { SessionError, unavailable } from '../../util/errors.js'
import { type Command, keyOf } from './command.js'
import type { Ask, Connection, RedisNode, Router } from './connection.js'
import { wordsOf } from './errors.js'

/** How many replicas must have a write before it counts, and how long they may take, in ms. */
export interface WaitReplicas {
  replicas: number
  timeout: number
}

const MOST_HOPS = 16
const REDIRECTED = /^(MOVED|ASK) \d+ (\S+)/

/**
 * Writes that count once so many replicas have them. WAIT speaks of what its own connection wrote,
 * so both go to the same node, and a connection that changed in between proves nothing.
 */
export class Replicas {
  readonly #connection: Connection
  readonly #router: Router
  readonly #wanted: WaitReplicas
  readonly #ask: Ask
  /** The WAIT that leaves with this turn of the event loop: one will do for all of its writes. */
  readonly #leaving = new Map<object, Promise<unknown>>()

  /**
   * `most`: how long a command may take at all, in ms.
   * @throws {SessionError} ERR_SESSION_OPTION, ERR_SESSION_DURATION, or ERR_SESSION_CLIENT when the
   * client does not tell which connection it writes to.
   */
  constructor(connection: Connection, wanted: WaitReplicas, most: number, ask: Ask) {
    const { replicas, timeout, ...others } = Object(wanted)
    if (!Number.isInteger(replicas) || replicas < 1 || Object.keys(others).length > 0) {
      throw new SessionError(
        'ERR_SESSION_OPTION',
        'waitReplicas takes { replicas, timeout }: how many replicas (1 or more), and ms',
      )
    }
    // Of commandTimeout at most, as a WAIT that is cut off says less than one that ends.
    this.#wanted = { replicas, timeout: duration('waitReplicas.timeout', timeout, { most }) }
    if (!connection.router) {
      throw new SessionError(
        'ERR_SESSION_CLIENT',
        'waitReplicas has to know which connection a write takes, and this client does not tell: use Redis or Cluster of ioredis or iovalkey, or createClient or createCluster of node-redis',
      )
    }
    this.#connection = connection
    this.#router = connection.router
    this.#ask = ask
  }

  /**
   * Writes, and waits for the replicas if something was `written`.
   * @throws {SessionError} ERR_SESSION_UNAVAILABLE when too few have it in time: the write stands.
   */
  async write(command: Command, written: (reply: unknown) => boolean): Promise<unknown> {
    const key = keyOf(command)
    let node = await this.#primaryOf(key)
    let asking = false
    for (let hop = 0; ; hop++) {
      try {
        if (!node) throw unavailable('The client knows no primary for this session just now')
        if (asking) node.send(['asking']).catch(() => undefined)
        const reply = await this.#ask(node.send(command))
        if (written(reply)) await this.#wait(node, node.connection())
        return reply
      } catch (error) {
        const [, how, address = ''] = REDIRECTED.exec(wordsOf(error)) ?? []
        if (hop >= MOST_HOPS || (node && !how)) throw error
        asking = how === 'ASK'
        node = asking ? await this.#at(address) : await this.#find(key)
      }
    }
  }

  /** A read by way of the client teaches it where the key is by now. */
  async #find(key: string): Promise<RedisNode | undefined> {
    await this.#ask(this.#connection.send(['exists', key]))
    return this.#primaryOf(key)
  }

  #primaryOf(key: string): Promise<RedisNode | undefined> {
    return this.#ask(Promise.resolve(this.#router.primaryOf(key)))
  }

  #at(address: string): Promise<RedisNode | undefined> {
    return this.#ask(Promise.resolve(this.#router.at(address)))
  }

  async #wait(node: RedisNode, connection: unknown): Promise<void> {
    const had = Number(await this.#shared(node))
    if (connection === undefined || node.connection() !== connection) {
      throw unavailable(
        'The connection broke after a write and before the replicas confirmed it: whether it will last is not known',
      )
    }
    const { replicas, timeout } = this.#wanted
    if (had >= replicas) return
    throw unavailable(
      `A write stands on the primary, but ${had} of ${replicas} replicas have it after ${timeout} ms: it is lost if the primary fails now; see to the replicas, or lower waitReplicas`,
    )
  }

  #shared(node: RedisNode): Promise<unknown> {
    const leaving = this.#leaving.get(node.client)
    if (leaving) return leaving
    const { replicas, timeout } = this.#wanted
    const wait = new Promise((resolve) => setImmediate(resolve)).then(() => {
      this.#leaving.delete(node.client)
      return this.#ask(node.send(['wait', `${replicas}`, `${timeout}`]))
    })
    this.#leaving.set(node.client, wait)
    return wait
  }
}
