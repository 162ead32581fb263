import { join } from 'node:path'
import { Redis } from 'ioredis'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { isTombstone, tombstone } from '../../src/record/tombstone.js'
import type { SessionStore } from '../../src/stores/contract.js'
import { migrating } from '../../src/stores/migrating/store.js'
import { RedisStore } from '../../src/stores/redis/store.js'
import { RedisServer } from '../services/redis.js'
import { until } from '../services/redis-cluster.js'
import { folder, root, runProcess, start, useCommand } from './run.js'

const SESSIONS = 1000
const KILLS = 3
/** Copies between the start of a run and its end by SIGKILL, and the size of a batch. */
const COPIES = 100
const later = Date.now() + 3_600_000
const key = (at: number) => `koa:sess:${at}`

useCommand()

let server: RedisServer
let clients: Redis[]
beforeAll(async () => {
  server = await RedisServer.start()
  clients = [0, 1].map((db) => new Redis(server.port, { db }))
})
afterAll(async () => {
  for (const client of clients) client.disconnect()
  await server[Symbol.asyncDispose]()
})

/** An application that counts in sessions and logs users out, until it is stopped. */
class Application {
  /** The counts that were acknowledged; undefined: logged out. */
  readonly counts = new Map<string, number | undefined>()
  readonly #store: SessionStore
  #isRunning = true
  readonly #done: Promise<unknown>

  constructor(store: SessionStore) {
    this.#store = store
    // A quarter of the sessions is never used.
    const users = Array.from({ length: 8 }, (_, user) => this.#serve(user))
    this.#done = Promise.all(users)
  }

  async stop(): Promise<void> {
    this.#isRunning = false
    await this.#done
  }

  async #serve(user: number): Promise<void> {
    for (let turn = 0; this.#isRunning; turn++) {
      const at = (turn * 1031 + user * 517) % SESSIONS
      if (at % 4 === 0) continue
      await (turn % 20 === 19 ? this.#logOut(key(at)) : this.#count(key(at)))
    }
  }

  async #count(name: string): Promise<void> {
    let seen = await this.#store.load(name)
    while (seen !== undefined && !isTombstone(seen)) {
      const value = `{"n":${JSON.parse(seen).n + 1}}`
      const answer = await this.#store.replace(name, seen, value, later)
      if (answer.ok) {
        if (!this.#hasEnded(name)) this.counts.set(name, (this.counts.get(name) ?? 0) + 1)
        return
      }
      seen = answer.current
    }
  }

  async #logOut(name: string): Promise<void> {
    let seen = await this.#store.load(name)
    while (seen !== undefined && !isTombstone(seen)) {
      // It lasts longer than the test: what ended stays ended.
      const answer = await this.#store.replace(name, seen, tombstone(later), later)
      if (answer.ok) this.counts.set(name, undefined)
      seen = answer.ok ? undefined : answer.current
    }
  }

  #hasEnded(name: string): boolean {
    return this.counts.has(name) && this.counts.get(name) === undefined
  }
}

test('a command that is killed beside a running application loses and revives nothing', {
  timeout: 60_000,
}, async () => {
  const [from, to] = clients.map((client) => new RedisStore({ client }))
  const [, target] = clients
  if (!from || !to || !target) throw new Error('Two stores')
  const all = Array.from({ length: SESSIONS }, (_, at) => key(at))
  await Promise.all(all.map((name) => from.create(name, '{"n":0}', later)))
  const stores = ['--from', `${server.url}/0`, '--to', `${server.url}/1`]
  const args = ['migrate', ...stores, '--batch', `${COPIES}`, '--write']
  const state = ['--state', join(folder, 'kill-state.json')]
  let application: Application | undefined
  for (let kills = 0; kills < KILLS; kills++) {
    const before = await target.dbsize()
    const { kill, result } = start([...args, ...state], root)
    let isOver = false
    void result.then(() => {
      isOver = true
    })
    // Otherwise the application would move all sessions before the command has started.
    await until('it copies', async () => isOver || (await target.dbsize()) > before)
    application ??= new Application(migrating({ from, to }))
    await until('it has copied', async () => isOver || (await target.dbsize()) > before + COPIES)
    kill()
    await result
  }
  expect(await runProcess([...args, ...state], root)).toMatchObject({ code: 0 })
  await application?.stop()
  // As before the switch: what was extended meanwhile.
  expect(await runProcess(args, root)).toMatchObject({ code: 0 })
  const counts = application?.counts ?? new Map()
  const results = await Promise.all(
    all.map(async (name) => {
      const value = await to.load(name)
      const isLive = value !== undefined && !isTombstone(value)
      const wanted = counts.has(name) ? counts.get(name) : 0
      return [isLive ? JSON.parse(value).n : undefined, wanted]
    }),
  )
  expect(results.filter(([found, wanted]) => found !== wanted)).toEqual([])
  expect([...counts.values()]).toContain(undefined)
})
