import { type ChildProcess, fork } from 'node:child_process'
import { randomUUID } from 'node:crypto'
import { once } from 'node:events'
import { afterAll, beforeAll, expect, inject, test } from 'vitest'
import { BreakableWay } from '../support/breakable.js'
import { Browser } from '../support/browser.js'
import { type Bundle, bundle } from '../support/bundle.js'
import { type ClientSocket, connectSocket } from './sockets.js'

// Real WebSockets, two processes on one Redis: what ends in one of them ends in the other.

const RECHECK = 1000
/** The second process reaches Redis this way. */
let way: BreakableWay
let program: Bundle
let children: ChildProcess[]
let origins: string[]
const prefix = `connections-${randomUUID()}:`

/** Starts a server, and resolves to its address. */
async function startServer(storeUrl: string, ttl = 60_000): Promise<string> {
  const child = fork(program.file, {
    env: {
      ...process.env,
      ...{ STORE_URL: storeUrl, PREFIX: prefix, RECHECK: `${RECHECK}`, TTL: `${ttl}` },
    },
  })
  children.push(child)
  const [{ origin }] = await once(child, 'message')
  return origin
}

beforeAll(async () => {
  program = await bundle(import.meta.dirname, 'process.ts')
  const { port } = new URL(inject('redisUrl'))
  way = await BreakableWay.to(Number(port))
  children = []
  origins = [
    await startServer(inject('redisUrl')),
    await startServer(`redis://127.0.0.1:${way.port}`),
  ]
})
afterAll(async () => {
  await Promise.all(
    children.map((child) => {
      if (child.exitCode !== null || child.signalCode !== null) return undefined
      child.disconnect()
      return once(child, 'exit')
    }),
  )
  await way.close()
  program.remove()
})

async function loggedIn(origin = origins[0] ?? ''): Promise<Browser> {
  const browser = new Browser(origin)
  await browser.get('/login')
  return browser
}

/** A WebSocket in each process. */
const connectBoth = (browser: Browser): Promise<ClientSocket[]> =>
  Promise.all(origins.map((origin) => connectSocket(origin, browser.cookie)))

test.each([
  ['/logout', 'ended'],
  ['/regenerate', 'moved'],
  ['/login', 'moved'],
  ['/end-all', 'ended'],
])('%s closes the sockets of both processes with %s', async (path, kind) => {
  const browser = await loggedIn()
  const sockets = await connectBoth(browser)
  expect(await Promise.all(sockets.map((socket) => socket.ask('hello')))).toEqual(
    expect.arrayContaining([expect.stringMatching(/^ada [12] hello$/)]),
  )
  await browser.get(path)
  expect(await Promise.all(sockets.map(({ closed }) => closed))).toEqual([kind, kind])
  browser.close()
})

test('an expired session closes the sockets of both processes', async () => {
  const origin = await startServer(inject('redisUrl'), 1500)
  const browser = await loggedIn(origin)
  const sockets = [
    await connectSocket(origin, browser.cookie),
    await connectSocket(origins[1] ?? '', browser.cookie),
  ]
  expect(await Promise.all(sockets.map(({ closed }) => closed))).toEqual(['expired', 'expired'])
  browser.close()
})

test('a socket without a session is refused', async () => {
  for (const origin of origins)
    await expect(connectSocket(origin, 'koa.sid=x')).rejects.toThrow('401')
})

test('a store that dies closes nothing, and one that is back ends what ended meanwhile', async () => {
  const [ended, alive] = [await loggedIn(), await loggedIn()]
  const cookie = ended.cookie
  const [, socket] = await connectBoth(ended)
  const [, other] = await connectBoth(alive)
  const failure = once(children[1] as ChildProcess, 'message')
  way.silence()
  expect((await failure)[0]).toMatchObject({ notice: { event: 'recheck:failed' } })
  await ended.get('/logout')
  await expect(connectSocket(origins[1] ?? '', cookie)).rejects.toThrow('401')
  expect([socket?.isOpen(), other?.isOpen()]).toEqual([true, true])
  way.open()
  expect(await socket?.closed).toBe('ended')
  expect(await other?.ask('again')).toBe('ada 1 again')
  ended.close()
  alive.close()
})

test('a process that dies leaves no trace: its session is listed without connections', async () => {
  const elsewhere = new Browser(origins[0] ?? '')
  await elsewhere.get('/end-all')
  const origin = await startServer(inject('redisUrl'))
  const browser = await loggedIn(origin)
  const socket = await connectSocket(origin, browser.cookie)
  const counts = async (browser: Browser) =>
    (await browser.get('/list')).json<{ connections: number }[]>().map((each) => each.connections)
  expect(await counts(browser)).toEqual([1])
  children.at(-1)?.kill('SIGKILL')
  await socket.closed
  expect(await counts(elsewhere)).toEqual([0])
  await elsewhere.get('/end-all')
  browser.close()
  elsewhere.close()
})
