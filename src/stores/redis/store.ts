import { createHash } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { SessionError } from '../../util/errors.js'
import { BaseStore } from '../base.js'
import { Timeout } from '../command-timeout.js'
import type { Page, Replaced } from '../contract.js'
import { connect, type RedisClient } from './client.js'
import type { Command } from './command.js'
import type { Ask, Connection } from './connection.js'
import { isFull, told, wordsOf } from './errors.js'
import { Replicas, type WaitReplicas } from './replicas.js'
import { scan } from './scan.js'

export type {
  NodeRedisLike,
  NodeRedisPoolLike,
  NodeRedisSentinelLike,
  RedisClient,
} from './client.js'
export type { IoRedisClusterLike, IoRedisLike, NodeRedisClusterLike } from './cluster.js'
export type { GlideLike } from './glide.js'
export type { WaitReplicas } from './replicas.js'

export interface RedisStoreOptions {
  /**
   * A connected client: `Redis` (by Sentinel too) or `Cluster` of ioredis or iovalkey; `createClient`,
   * `createCluster`, `createClientPool` or `createSentinel` of node-redis; a client of valkey-glide.
   * It stays yours: the store never closes it.
   */
  client: RedisClient
  /** How long a call may take, in ms; then it fails with a 503. Default 5000. */
  commandTimeout?: number | undefined
  /**
   * A write counts once so many replicas have it, within so many ms (at most `commandTimeout`):
   * `{ replicas, timeout }`. Else it fails with a 503, and stands all the same. Default: none.
   */
  waitReplicas?: WaitReplicas | undefined
  /** The clock, in epoch ms. Default `Date.now`; for tests. */
  now?: (() => number) | undefined
}

const OPTIONS = ['client', 'commandTimeout', 'waitReplicas', 'now']
const PAGE = 100

// One round trip: the SHA-1 stands for the expected value, which so need not travel.
const REPLACE = `
local current = redis.call('GET', KEYS[1])
if not current then return {0} end
if redis.sha1hex(current) ~= ARGV[1] then return {0, current} end
if tonumber(ARGV[3]) > 0 then
  if ARGV[4] then redis.call('PEXPIRE', KEYS[1], ARGV[3]) end
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
else
  redis.call('DEL', KEYS[1])
end
return {1}
`

const sha1 = (text: string) => createHash('sha1').update(text).digest('hex')
const REPLACE_SHA = sha1(REPLACE)
const IN_PLACE = 'in place'

/**
 * Sessions in Redis or Valkey, safe among any number of processes: every call is one command on
 * one key. Deadlines go to the server as time left, so the clocks of servers need not agree.
 */
export class RedisStore extends BaseStore {
  readonly #connection: Connection
  readonly #timeout: Timeout
  readonly #replicas: Replicas | undefined
  // Any number of middlewares may share a store.
  readonly #events = new EventEmitter().setMaxListeners(0)
  #isUp: boolean

  /**
   * @throws {SessionError} ERR_SESSION_CLIENT when the client is none that it knows, or cannot do what
   * is asked; ERR_SESSION_OPTION, ERR_SESSION_DURATION.
   */
  constructor(options: RedisStoreOptions) {
    super(options?.now)
    const { client, commandTimeout, waitReplicas } = options ?? {}
    this.#connection = connect(client)
    assertKnown(options)
    this.#timeout = new Timeout(commandTimeout, 'Redis')
    if (waitReplicas !== undefined)
      this.#replicas = new Replicas(this.#connection, waitReplicas, this.#timeout.ms, this.#ask)
    this.#isUp = this.#connection.isUp()
    this.#connection.watch(this.#look)
  }

  async load(key: string, touch?: number): Promise<string | undefined> {
    const reply =
      touch === undefined
        ? this.#send(['get', key])
        : this.#send(['getex', key, 'PX', `${Math.max(this.#left(touch), 1)}`])
    return text(await reply)
  }

  async create(key: string, value: string, expiresAt: number): Promise<boolean> {
    const left = this.#left(expiresAt)
    if (left <= 0) return (await this.load(key)) === undefined
    return isWritten(await this.#write(['set', key, value, 'PX', `${left}`, 'NX'], isWritten))
  }

  async replace(
    key: string,
    expected: string,
    value: string,
    expiresAt: number,
  ): Promise<Replaced> {
    const args = ['1', key, sha1(expected), value, `${this.#left(expiresAt)}`] as const
    let reply: unknown
    try {
      reply = await this.#write(['evalsha', REPLACE_SHA, ...args], isReplaced)
    } catch (error) {
      reply = await this.#otherwise(
        error,
        args,
        Buffer.byteLength(value) <= Buffer.byteLength(expected),
      )
    }
    return isReplaced(reply) ? { ok: true } : { ok: false, current: text(current(reply)) }
  }

  async touch(key: string, expiresAt: number): Promise<boolean> {
    // PEXPIRE with nothing left deletes, and says that there was something to delete.
    return isOne(await this.#write(['pexpire', key, `${this.#left(expiresAt)}`], isOne))
  }

  async destroy(key: string): Promise<boolean> {
    return isOne(await this.#write(['del', key], isOne))
  }

  /**
   * Reads with SCAN, GET and PTTL. A record that has no deadline is told as one that ends in a day.
   * A Cluster must not be resharded meanwhile; after a failover it begins anew.
   */
  async scan(prefix: string, cursor?: string, count: number = PAGE): Promise<Page> {
    return scan(this.#connection, this.#ask, this.now, { prefix, cursor, count })
  }

  on(event: 'connect' | 'disconnect', listener: () => void): this {
    this.#events.on(event, listener)
    // Whoever comes while the connection is down must hear of it too, and of its end.
    if (event === 'disconnect' && !this.#connection.isUp()) {
      this.#isUp = false
      listener()
    }
    return this
  }

  off(event: 'connect' | 'disconnect', listener: () => void): this {
    this.#events.off(event, listener)
    return this
  }

  /** Takes the store's listeners off the client; the client itself is yours to quit. */
  close(): void {
    this.#connection.unwatch(this.#look)
    this.#events.removeAllListeners()
  }

  protected put(key: string, value: string, expiresAt: number): Promise<unknown> {
    const left = this.#left(expiresAt)
    return left > 0
      ? this.#write(['set', key, value, 'PX', `${left}`], isWritten)
      : this.#write(['del', key], isOne)
  }

  #left(expiresAt: number): number {
    return Math.ceil(expiresAt - this.now())
  }

  /** What a server did not know, as each does not at first, or had no room for, though it gets no larger. */
  async #otherwise(error: unknown, args: readonly string[], fits: boolean): Promise<unknown> {
    const words = wordsOf(error)
    if (words.startsWith('NOSCRIPT')) {
      const whole = this.#write(['eval', REPLACE, ...args], isReplaced)
      return whole.catch((reason) => this.#otherwise(reason, args, fits))
    }
    // A logout is the last thing that a full server should refuse.
    if (!fits || !isFull(error)) throw error
    return this.#write(['eval', REPLACE, ...args, IN_PLACE], isReplaced)
  }

  #write(command: Command, written: (reply: unknown) => boolean): Promise<unknown> {
    return this.#replicas ? this.#replicas.write(command, written) : this.#send(command)
  }

  #send(command: Command): Promise<unknown> {
    return this.#ask(this.#connection.send(command))
  }

  readonly #ask: Ask = (answer) => this.#timeout.guard(answer, told)

  readonly #look = (): void => {
    const isUp = this.#connection.isUp()
    if (isUp === this.#isUp) return
    this.#isUp = isUp
    this.#events.emit(isUp ? 'connect' : 'disconnect')
  }
}

function assertKnown(options: object): void {
  const unknown = Object.keys(options).find((name) => !OPTIONS.includes(name))
  if (unknown === undefined) return
  throw new SessionError(
    'ERR_SESSION_OPTION',
    `RedisStore has no option ${unknown}: it takes ${OPTIONS.join(', ')}`,
  )
}

// SET … NX answers null when the key is taken.
const isWritten = (reply: unknown) => reply !== null && reply !== undefined
const isOne = (reply: unknown) => Number(reply) === 1
const isReplaced = (reply: unknown) => Array.isArray(reply) && Number(reply[0]) === 1
const current = (reply: unknown): unknown => (Array.isArray(reply) ? reply[1] : undefined)

function text(reply: unknown): string | undefined {
  return reply === null || reply === undefined ? undefined : String(reply)
}
