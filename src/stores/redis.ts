import { createHash } from 'node:crypto'
import { EventEmitter } from 'node:events'
import { SessionError } from '../errors.js'
import type { Replaced } from '../store.js'
import { BaseStore } from './base.js'
import { Cork } from './cork.js'

/** A connected client of ioredis or iovalkey, as far as it is used. */
export interface IoRedisLike {
  call(command: string, ...args: string[]): Promise<unknown>
  readonly status: string
  on(event: string, listener: () => void): unknown
  off(event: string, listener: () => void): unknown
}

/** A connected client of node-redis (`createClient`), as far as it is used. */
export interface NodeRedisLike {
  sendCommand(args: string[]): Promise<unknown>
  readonly isReady: boolean
  on(event: string, listener: () => void): unknown
  off(event: string, listener: () => void): unknown
}

export interface RedisStoreOptions {
  /** A connected client: ioredis, iovalkey or node-redis. It stays yours: the store never closes it. */
  client: IoRedisLike | NodeRedisLike
  /** The clock, in epoch ms. Default `Date.now`; for tests. */
  now?: () => number
}

// One round trip: the SHA-1 stands for the expected value, which so need not travel.
const REPLACE = `
local current = redis.call('GET', KEYS[1])
if not current then return {0} end
if redis.sha1hex(current) ~= ARGV[1] then return {0, current} end
if tonumber(ARGV[3]) > 0 then
  redis.call('SET', KEYS[1], ARGV[2], 'PX', ARGV[3])
else
  redis.call('DEL', KEYS[1])
end
return {1}
`

const sha1 = (text: string) => createHash('sha1').update(text).digest('hex')
const REPLACE_SHA = sha1(REPLACE)

// In lower case, as iovalkey puts its keyPrefix before the keys of those alone.
type Send = (name: string, ...args: string[]) => Promise<unknown>

const UP = ['ready']
const DOWN = ['close', 'end', 'reconnecting']

/**
 * Sessions in Redis or Valkey, safe among any number of processes: every call is one command on
 * one key. Deadlines go to the server as time left, so the clocks of servers need not agree.
 */
export class RedisStore extends BaseStore {
  readonly #client: IoRedisLike | NodeRedisLike
  readonly #send: Send
  readonly #events = new EventEmitter()

  /** @throws {SessionError} ERR_SESSION_CLIENT when the client is none that it knows. */
  constructor(options: RedisStoreOptions) {
    super(options?.now)
    const client = options?.client
    this.#send = sender(client)
    this.#client = client
    for (const event of UP) client.on(event, this.#up)
    for (const event of DOWN) client.on(event, this.#down)
    // node-redis ends the process over an error that nobody listens to; requests learn of it anyway.
    client.on('error', ignore)
  }

  async load(key: string, touch?: number): Promise<string | undefined> {
    const left = touch === undefined ? undefined : this.#left(touch)
    const reply =
      left === undefined
        ? this.#send('get', key)
        : this.#send('getex', key, 'PX', `${Math.max(left, 1)}`)
    return text(await reply)
  }

  async create(key: string, value: string, expiresAt: number): Promise<boolean> {
    const left = this.#left(expiresAt)
    if (left <= 0) return (await this.load(key)) === undefined
    return (await this.#send('set', key, value, 'PX', `${left}`, 'NX')) !== null
  }

  async replace(
    key: string,
    expected: string,
    value: string,
    expiresAt: number,
  ): Promise<Replaced> {
    const args = ['1', key, sha1(expected), value, `${this.#left(expiresAt)}`]
    const reply = await this.#send('evalsha', REPLACE_SHA, ...args).catch((error) => {
      if (!/^NOSCRIPT/.test(error?.message)) throw error
      return this.#send('eval', REPLACE, ...args)
    })
    const [done, current] = Array.isArray(reply) ? reply : []
    return Number(done) === 1 ? { ok: true } : { ok: false, current: text(current) }
  }

  async touch(key: string, expiresAt: number): Promise<boolean> {
    // PEXPIRE with nothing left deletes, and says that there was something to delete.
    return Number(await this.#send('pexpire', key, `${this.#left(expiresAt)}`)) === 1
  }

  async destroy(key: string): Promise<boolean> {
    return Number(await this.#send('del', key)) === 1
  }

  on(event: 'connect' | 'disconnect', listener: () => void): this {
    this.#events.on(event, listener)
    // Whoever comes while the connection is down must hear of it too.
    if (event === 'disconnect' && !isUp(this.#client)) listener()
    return this
  }

  off(event: 'connect' | 'disconnect', listener: () => void): this {
    this.#events.off(event, listener)
    return this
  }

  /** Takes the store's listeners off the client; the client itself is yours to quit. */
  close(): void {
    for (const event of UP) this.#client.off(event, this.#up)
    for (const event of DOWN) this.#client.off(event, this.#down)
    this.#client.off('error', ignore)
    this.#events.removeAllListeners()
  }

  protected put(key: string, value: string, expiresAt: number): Promise<unknown> {
    const left = this.#left(expiresAt)
    return left > 0 ? this.#send('set', key, value, 'PX', `${left}`) : this.#send('del', key)
  }

  #left(expiresAt: number): number {
    return Math.ceil(expiresAt - this.now())
  }

  readonly #up = (): void => {
    this.#events.emit('connect')
  }
  readonly #down = (): void => {
    this.#events.emit('disconnect')
  }
}

function ignore(): void {}

function isUp(client: IoRedisLike | NodeRedisLike): boolean {
  // A lazy client connects with its first command.
  return 'isReady' in client ? client.isReady : ['ready', 'wait'].includes(client.status)
}

function text(reply: unknown): string | undefined {
  return reply === null || reply === undefined ? undefined : String(reply)
}

function sender(client: IoRedisLike | NodeRedisLike): Send {
  if (hasMethod(client, 'sendCommand') && 'isReady' in client)
    return (...command) => client.sendCommand(command).catch(withoutCommand)
  if (hasMethod(client, 'call') && 'status' in client) {
    const cork = new Cork(client)
    return (name, ...args) => {
      cork.hold()
      return client.call(name, ...args).catch(withoutCommand)
    }
  }
  throw new SessionError(
    'ERR_SESSION_CLIENT',
    'new RedisStore({ client }) takes a connected client of ioredis, iovalkey or node-redis (createClient)',
  )
}

function hasMethod(client: unknown, name: string): boolean {
  return (
    typeof client === 'object' && client !== null && typeof Reflect.get(client, name) === 'function'
  )
}

// ioredis hangs the whole command on its errors, and servers repeat the arguments of one they do not
// know: ids and session data would end up in somebody's log.
function withoutCommand(error: unknown): never {
  if (error instanceof Error) {
    Reflect.deleteProperty(error, 'command')
    const [told = ''] = error.message.split(', with args beginning with')
    error.stack = error.stack?.replace(error.message, told) ?? ''
    error.message = told
  }
  throw error
}
