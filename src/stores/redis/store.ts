import { EventEmitter } from 'node:events'
import { assertKnownOptions } from '../../util/shape.js'
import { BaseStore } from '../base.js'
import { CommandTimeout } from '../command-timeout.js'
import type { Replaced, ScanPage } from '../contract.js'
import { REDIS_OPTIONS } from '../other-packages.js'
import { connect, type RedisClient } from './client.js'
import { ClientErrors } from './client-errors.js'
import type { Command } from './command.js'
import type { Connection, ConnectionListeners, Guard } from './connection.js'
import { isOutOfMemory, serverMessage, translateError } from './errors.js'
import {
  currentValue,
  evalInPlace,
  evalScript,
  evalSha,
  isReplaced,
  type ScriptArgs,
  scriptArgs,
} from './replace-script.js'
import { ReplicatedWriter, type WaitReplicas } from './replicas.js'
import { scan } from './scan.js'
import { isUncertainText, textOf } from './text.js'

/** @since 1.0.0 */
export interface RedisStoreOptions {
  /**
   * A connected client. Of ioredis or iovalkey: `Redis` (by Sentinel too) or `Cluster`. Of node-redis:
   * `createClient`, `createCluster`, `createClientPool` or `createSentinel`. Or one of valkey-glide.
   * The store never closes it.
   * @example new RedisStore({ client })
   */
  client: RedisClient
  /**
   * How long a command may take, in ms; then it fails with a 503.
   * @default 5000
   * @example new RedisStore({ client, commandTimeout: 1000 })
   */
  commandTimeout?: number | undefined
  /**
   * `{ replicas, timeout }`: a write succeeds once so many replicas, or `'all'`, have it within `timeout` ms
   * (at most `commandTimeout`). Otherwise it fails with a 503, but stays stored.
   * @default do not wait
   * @example new RedisStore({ client, waitReplicas: { replicas: 1, timeout: 500 } })
   */
  waitReplicas?: WaitReplicas | undefined
  /**
   * Returns the time in epoch ms; for tests.
   * @default Date.now
   * @example new RedisStore({ client, now: clock.now })
   */
  now?: (() => number) | undefined
}

const OPTIONS = ['client', 'commandTimeout', 'waitReplicas', 'now']
const DEFAULT_PAGE_SIZE = 100

/**
 * Stores sessions in Redis or Valkey, safe for any number of processes: every call is one command on
 * one key. Expiry is sent as the time left, so the clocks of the servers need not agree.
 *
 * Calls reject with ERR_SESSION_UNAVAILABLE (503) if Redis cannot be reached or cannot serve.
 * @since 1.0.0
 */
export class RedisStore extends BaseStore {
  readonly #connection: Connection
  readonly #timeout: CommandTimeout
  readonly #replicatedWriter: ReplicatedWriter | undefined
  // Each middleware that shares the store adds listeners; Node would warn from the eleventh.
  readonly #events = new EventEmitter().setMaxListeners(0)
  readonly #listeners: ConnectionListeners
  readonly #errors = new ClientErrors()
  #isConnected: boolean
  #breaks = 0

  /**
   * @throws {SessionError} ERR_SESSION_CLIENT if the client is not known, or cannot do what the options
   * ask for; ERR_SESSION_OPTION; ERR_SESSION_DURATION.
   */
  constructor(options: RedisStoreOptions) {
    super(options?.now)
    const { client, commandTimeout, waitReplicas } = options ?? {}
    this.#connection = connect(client)
    assertKnownOptions('RedisStore', options, OPTIONS, REDIS_OPTIONS)
    this.#timeout = new CommandTimeout(commandTimeout, 'Redis')
    if (waitReplicas !== undefined) {
      const { ms } = this.#timeout
      this.#replicatedWriter = new ReplicatedWriter(this.#connection, waitReplicas, ms, this.#guard)
    }
    this.#isConnected = this.#connection.isConnected()
    this.#listeners = {
      onChange: this.#emitChange,
      onBreak: () => this.#breaks++,
      onError: this.#errors.note,
      onNodeError: this.#errors.noteOfNode,
    }
    this.#connection.subscribe(this.#listeners)
  }

  /** Of a Cluster, also those of single nodes, for which no `disconnect` is emitted. */
  get breaks(): number {
    return this.#breaks
  }

  /** What the client reported last, while it is not connected. */
  get lastError(): unknown {
    return this.#connection.isConnected() ? undefined : this.#errors.last
  }

  /** A value that is not UTF-8 is returned as one replacement character, which is no session. */
  async load(key: string, touch?: number): Promise<string | undefined> {
    const command: Command =
      touch === undefined
        ? ['get', key]
        : ['getex', key, 'PX', `${Math.max(this.#timeLeft(touch), 1)}`]
    return textOf(await this.#guard(this.#connection.read(command)))
  }

  async create(key: string, value: string, expiresAt: number): Promise<boolean> {
    const ms = this.#timeLeft(expiresAt)
    if (ms <= 0) return (await this.load(key)) === undefined
    return isSet(await this.#write(['set', key, value, 'PX', `${ms}`, 'NX'], isSet))
  }

  async replace(
    key: string,
    expected: string,
    value: string,
    expiresAt: number,
  ): Promise<Replaced> {
    const args = scriptArgs(key, expected, value, this.#timeLeft(expiresAt))
    const isGrowing = Buffer.byteLength(value) > Buffer.byteLength(expected)
    const reply = await (isGrowing ? this.#runScript(args) : this.#runScriptEvenIfFull(args))
    if (isReplaced(reply)) return { ok: true }
    const current = textOf(currentValue(reply))
    return { ok: false, current: isUncertainText(current) ? await this.load(key) : current }
  }

  async touch(key: string, expiresAt: number): Promise<boolean> {
    // With no time left, PEXPIRE deletes the key, and replies 1 if there was one.
    return isOne(await this.#write(['pexpire', key, `${this.#timeLeft(expiresAt)}`], isOne))
  }

  async destroy(key: string): Promise<boolean> {
    return isOne(await this.#write(['del', key], isOne))
  }

  /**
   * Reads with SCAN, GET and PTTL. A record without an expiry is returned as one that expires in a day.
   * The scan begins anew if a server restarted or failed over, or slots of a Cluster moved.
   * @throws {SessionError} ERR_SESSION_UNAVAILABLE while slots of a Cluster have no primary or move;
   * ERR_SESSION_STORE if the server reports no run_id.
   */
  async scan(
    prefix: string,
    cursor?: string,
    count: number = DEFAULT_PAGE_SIZE,
  ): Promise<ScanPage> {
    return scan(this.#connection, this.#guard, this.now, { prefix, cursor, count })
  }

  /** Calls a new `disconnect` listener at once if the client is disconnected. */
  on(event: 'connect' | 'disconnect', listener: () => void): this {
    this.#events.on(event, listener)
    if (event === 'disconnect' && !this.#connection.isConnected()) {
      // So that `connect` is emitted when the connection is back.
      this.#isConnected = false
      listener()
    }
    return this
  }

  off(event: 'connect' | 'disconnect', listener: () => void): this {
    this.#events.off(event, listener)
    return this
  }

  /**
   * Removes all listeners of the store and those that it added to the client. Does not close the client.
   * @example redisStore.close()
   */
  close(): void {
    this.#connection.unsubscribe(this.#listeners)
    this.#events.removeAllListeners()
  }

  protected put(key: string, value: string, expiresAt: number): Promise<unknown> {
    const ms = this.#timeLeft(expiresAt)
    return ms > 0
      ? this.#write(['set', key, value, 'PX', `${ms}`], isSet)
      : this.#write(['del', key], isOne)
  }

  #timeLeft(expiresAt: number): number {
    return Math.ceil(expiresAt - this.now())
  }

  /** Sends the whole script only if the server does not know it, as after a restart. */
  async #runScript(args: ScriptArgs): Promise<unknown> {
    try {
      return await this.#write(evalSha(args), isReplaced)
    } catch (error) {
      if (!serverMessage(error).startsWith('NOSCRIPT')) throw error
      return this.#write(evalScript(args), isReplaced)
    }
  }

  /** For a value that does not grow: a logout must not fail because the server is out of memory. */
  async #runScriptEvenIfFull(args: ScriptArgs): Promise<unknown> {
    try {
      return await this.#runScript(args)
    } catch (error) {
      if (!isOutOfMemory(error)) throw error
      return this.#write(evalInPlace(args), isReplaced)
    }
  }

  #write(command: Command, isWritten: (reply: unknown) => boolean): Promise<unknown> {
    const writer = this.#replicatedWriter
    return writer ? writer.write(command, isWritten) : this.#send(command)
  }

  #send(command: Command): Promise<unknown> {
    return this.#guard(this.#connection.send(command))
  }

  readonly #guard: Guard = (reply) => this.#timeout.guard(reply, this.#translate, this.#reason)

  readonly #translate = (error: unknown): unknown => translateError(error, this.lastError)

  readonly #reason = (): unknown => this.lastError

  readonly #emitChange = (): void => {
    const isConnected = this.#connection.isConnected()
    if (isConnected === this.#isConnected) return
    this.#isConnected = isConnected
    if (isConnected) this.#errors.clear()
    else this.#breaks++
    this.#events.emit(isConnected ? 'connect' : 'disconnect')
  }
}

// SET … NX replies null if the key is taken.
function isSet(reply: unknown): boolean {
  return reply !== null && reply !== undefined
}

function isOne(reply: unknown): boolean {
  return Number(reply) === 1
}
