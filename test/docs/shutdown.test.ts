import { subscribe, unsubscribe } from 'node:diagnostics_channel'
import { once } from 'node:events'
import type { Server } from 'node:http'
import type { AddressInfo } from 'node:net'
import { Redis } from 'ioredis'
import { afterEach, expect, inject, test, vi } from 'vitest'
import { RedisServer } from '../services/redis.js'
import { Gate } from '../support/gate.js'
import { visitProgram } from '../support/program.js'
import { blocks, withFile } from './guide.js'

const [PLAIN = '', PROGRAM = ''] = blocks('docs/operations.md', '## Shutdown', 'js')
const USERS = 4
/** For a busy machine. */
const PATIENT = { timeout: 30_000 }
const REQUEST = 'http.server.request.start'

afterEach(() => {
  process.removeAllListeners('SIGTERM')
  vi.unstubAllEnvs()
})

/** Resolves to the server of the next request, once the request has begun. */
function nextRequest(): Promise<Server> {
  return new Promise((resolve) => {
    const onRequest = (message: unknown) => {
      unsubscribe(REQUEST, onRequest)
      resolve((message as { server: Server }).server)
    }
    subscribe(REQUEST, onRequest)
  })
}

/** Runs what the program does at SIGTERM. It must end without cutting a connection. */
async function shutDown(server: Server): Promise<void> {
  const [listener] = process.listeners('SIGTERM').slice(-1)
  // An idle connection that only this timeout ends would be cut.
  server.keepAliveTimeout = 60_000
  const cut = vi.spyOn(server, 'closeAllConnections')
  await listener?.('SIGTERM')
  expect(cut).not.toHaveBeenCalled()
}

test('the shutdown of a plain application answers what is under way, then closes the client', async () => {
  vi.stubEnv('REDIS_URL', inject('redisUrl'))
  const disconnect = vi.spyOn(Redis.prototype, 'disconnect')
  // The handler waits, so that SIGTERM comes during a request.
  const code = PLAIN.replace(
    'app.use((ctx) => {',
    'app.use(async (ctx) => {\n  if (ctx.path === "/slow") await globalThis.gate.pass()',
  )
  expect(code).not.toBe(PLAIN)
  const gate = new Gate()
  Object.assign(globalThis, { gate })
  await withFile('shutdown-plain', code, (file) =>
    visitProgram(file, async (browser) => {
      // Now the client is connected.
      await browser.get('/')
      const asked = nextRequest()
      const answer = browser.get('/slow')
      const server = await asked
      server.keepAliveTimeout = 1
      await gate.arrived
      const closed = once(server, 'close')
      const [listener] = process.listeners('SIGTERM').slice(-1)
      listener?.('SIGTERM')
      expect(disconnect).not.toHaveBeenCalled()
      gate.open()
      expect((await answer).status).toBe(200)
      await closed
      expect(disconnect).toHaveBeenCalled()
    }),
  )
  disconnect.mockRestore()
  Reflect.deleteProperty(globalThis, 'gate')
})

test('the shutdown in the guide ends while keep-alive clients go on sending', async () => {
  vi.stubEnv('REDIS_URL', inject('redisUrl'))
  await withFile('shutdown-keep-alive', PROGRAM, (file) =>
    visitProgram(file, async (browser) => {
      const isServed = () =>
        browser.get('/').then(
          ({ status }) => status === 200,
          () => false,
        )
      const answered = Array.from({ length: USERS }, () => 0)
      const users = answered.map(async (_, user) => {
        while (await isServed()) answered[user] = (answered[user] ?? 0) + 1
      })
      await expect.poll(() => Math.min(...answered), PATIENT).toBeGreaterThan(2)
      // While a request is under way: its connection is not idle, so the server does not close it.
      await shutDown(await nextRequest())
      await Promise.all(users)
    }),
  )
})

test('the shutdown in the guide ends server-sent events, and cuts none', async () => {
  vi.stubEnv('REDIS_URL', inject('redisUrl'))
  await withFile('shutdown-events', PROGRAM, (file) =>
    visitProgram(file, async (browser) => {
      const asked = nextRequest()
      await browser.get('/')
      const server = await asked
      const { port } = server.address() as AddressInfo
      const events = await fetch(`http://127.0.0.1:${port}/events`)
      expect(events.headers.get('content-type')).toMatch('text/event-stream')
      const ended = events.text()
      await shutDown(server)
      // A connection that is cut rejects.
      expect(await ended).toBe('retry: 1000\n\n')
    }),
  )
})

test('the shutdown in the guide answers requests that wait for a dead Redis, and cuts none', async () => {
  await using redis = await RedisServer.start()
  vi.stubEnv('REDIS_URL', redis.url)
  const connect = vi.spyOn(Redis.prototype, 'connect')
  // Koa prints the error of the 503.
  const print = vi.spyOn(console, 'error').mockImplementation(() => undefined)
  // Longer than the grace of the program: a request that waits for all of it is cut.
  const code = PROGRAM.replace('session({ store })', 'session({ store, reconnectTimeout: 60_000 })')
  expect(code).not.toBe(PROGRAM)
  await withFile('shutdown-dead-redis', code, (file) =>
    visitProgram(file, async (browser) => {
      expect((await browser.get('/')).status).toBe(200)
      await redis.stop()
      const client = connect.mock.contexts.find((each) => each instanceof Redis)
      await expect.poll(() => client?.status, PATIENT).not.toBe('ready')
      const asked = nextRequest()
      const waiting = browser.get('/')
      await shutDown(await asked)
      expect(await waiting).toMatchObject({ status: 503, headers: { 'retry-after': '5' } })
    }),
  )
  connect.mockRestore()
  print.mockRestore()
})
