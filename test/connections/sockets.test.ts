import { fork } from 'node:child_process'
import { once } from 'node:events'
import { createServer, get, type IncomingMessage, ServerResponse } from 'node:http'
import { connect as connectHttp2, createServer as createHttp2 } from 'node:http2'
import type { AddressInfo, Server } from 'node:net'
import { type Duplex, PassThrough } from 'node:stream'
import express from 'express'
import { Server as SocketIo } from 'socket.io'
import { io } from 'socket.io-client'
import { afterEach, expect, test } from 'vitest'
import { WebSocketServer } from 'ws'
import type { LiveSession } from '../../src/index.js'
import { bundle } from '../support/bundle.js'
import { type Site, type SiteOptions, serve } from '../support/site.js'
import { readStream } from '../support/stream.js'
import { connectSocket, serveSockets } from './sockets.js'

const ends: (() => unknown)[] = []
afterEach(async () => {
  for (const end of ends.splice(0).reverse()) await end()
})

/** A stream of server-sent events that ends with the session of its request. */
function eventStream(signal: AbortSignal): PassThrough {
  const stream = new PassThrough()
  signal.addEventListener('abort', () => stream.end(`data: ${signal.reason.kind}\n\n`))
  stream.write('data: hello\n\n')
  return stream
}

async function start(options: SiteOptions = {}): Promise<Site> {
  const site = await serve(
    {
      '/login': (ctx) => {
        ctx.session.user = 'ada'
      },
      '/regenerate': async (ctx) => void (await ctx.regenerateSession({ keep: ['user'] })),
      '/logout': (ctx) => {
        ctx.session = null
      },
      '/events': (ctx) => {
        const { sessionSignal } = ctx
        ctx.type = 'text/event-stream'
        ctx.body = sessionSignal ? eventStream(sessionSignal) : 'no session'
      },
      '/signal': (ctx) => ctx.sessionSignal?.aborted,
    },
    { users: { of: ({ user }) => user }, ...options },
  )
  ends.push(() => site.close())
  return site
}

async function startLoggedIn(options?: SiteOptions) {
  const site = await start(options)
  const browser = site.browser()
  await browser.get('/login')
  return { site, browser }
}

async function listen(server: Server): Promise<string> {
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  ends.push(() => new Promise((resolve) => server.close(resolve)))
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}`
}

const connectionsOf = async (site: Site) =>
  (await site.session.of('ada').list()).map(({ connections }) => connections)

test('a WebSocket of ws ends with its session, and changes it meanwhile', async () => {
  const { site, browser } = await startLoggedIn()
  serveSockets(site.server, (req) => site.session.open(req))
  await expect(connectSocket(site.origin, '')).rejects.toThrow('401')
  const sockets = [
    await connectSocket(site.origin, browser.cookie),
    await connectSocket(site.origin, browser.cookie),
  ]
  expect(await sockets[0]?.ask('one')).toBe('ada 1 one')
  expect(await sockets[1]?.ask('two')).toBe('ada 2 two')
  expect(await connectionsOf(site)).toEqual([2])
  await browser.get('/logout')
  expect(await Promise.all(sockets.map(({ closed }) => closed))).toEqual(['ended', 'ended'])
})

test('after a regenerate a client connects again with its new cookie', async () => {
  const { site, browser } = await startLoggedIn()
  serveSockets(site.server, (req) => site.session.open(req))
  const socket = await connectSocket(site.origin, browser.cookie)
  await browser.get('/regenerate')
  expect(await socket.closed).toBe('moved')
  const next = await connectSocket(site.origin, browser.cookie)
  expect(await next.ask('again')).toBe('ada 1 again')
  next.close()
  await next.closed
  await expect.poll(() => connectionsOf(site)).toEqual([0])
})

test('a WebSocket that the middlewares serve ends with its session, and is forgotten', async () => {
  const { site, browser } = await startLoggedIn()
  const sockets = new WebSocketServer({ noServer: true })
  site.server.on('upgrade', async (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    const ctx = site.app.createContext(req, new ServerResponse(req))
    const handler = async () => {
      const signal = ctx.sessionSignal
      sockets.handleUpgrade(req, socket, head, (ws) => {
        signal?.addEventListener('abort', () => ws.close(4001, signal.reason.kind))
      })
    }
    await Reflect.apply(site.session, undefined, [ctx, handler])
  })
  const first = await connectSocket(site.origin, browser.cookie)
  const second = await connectSocket(site.origin, browser.cookie)
  expect(await connectionsOf(site)).toEqual([2])
  first.close()
  await expect.poll(() => connectionsOf(site)).toEqual([1])
  await browser.get('/logout')
  expect(await second.closed).toBe('ended')
})

test('socket.io: a connection without a session is refused, and others end with it', async () => {
  const { site, browser } = await startLoggedIn()
  const server = new SocketIo(site.server)
  ends.push(() => server.close())
  server.use(async (socket, next) => {
    const live = await site.session.open(socket.request)
    if (!live) return next(new Error('no session'))
    socket.data.live = live
    next()
  })
  server.on('connection', (socket) => {
    const { live }: { live: LiveSession<SessionData> } = socket.data
    live.signal.addEventListener('abort', () => {
      socket.emit('end', live.signal.reason.kind)
      socket.disconnect()
    })
    socket.on('disconnect', () => live.close())
    socket.on('who', (answer) => answer(live.session.user))
  })
  const connect = (cookie: string) => {
    const client = io(site.origin, { extraHeaders: { cookie }, reconnection: false })
    ends.push(() => client.close())
    return client
  }
  const [error] = await once(connect('') as never, 'connect_error')
  expect(error.message).toBe('no session')
  const client = connect(browser.cookie)
  await new Promise<void>((resolve) => client.once('connect', resolve))
  expect(await client.emitWithAck('who')).toBe('ada')
  const ended = new Promise((resolve) => client.once('end', resolve))
  await browser.get('/logout')
  expect(await ended).toBe('ended')
})

test('server-sent events of Koa end with the session, and are forgotten when they close', async () => {
  const { site, browser } = await startLoggedIn()
  const { first, rest } = await readStream(`${site.origin}/events`, browser.cookie)
  expect(first).toBe('data: hello\n\n')
  expect(await connectionsOf(site)).toEqual([1])
  await browser.get('/regenerate')
  expect(await rest).toBe('data: moved\n\n')
  const outgoing = get(`${site.origin}/events`, { headers: { cookie: browser.cookie } })
  await once(outgoing, 'response')
  expect(await connectionsOf(site)).toEqual([1])
  outgoing.destroy()
  await expect.poll(() => connectionsOf(site)).toEqual([0])
})

test('an answer that is sent holds its session no more, on a connection that is kept', async () => {
  const { site, browser } = await startLoggedIn()
  for (let at = 0; at < 20; at++) expect((await browser.get('/signal')).text).toBe('false')
  await expect.poll(() => connectionsOf(site)).toEqual([0])
})

test('bare http shares the sessions of Koa', async () => {
  const { site, browser } = await startLoggedIn()
  const origin = await listen(
    createServer(async (req, res) => {
      const live = await site.session.open(req)
      if (!live) {
        res.writeHead(401).end()
        return
      }
      res.on('close', () => live.close())
      eventStream(live.signal).pipe(res)
    }),
  )
  const { first, rest } = await readStream(origin, browser.cookie)
  expect(first).toBe('data: hello\n\n')
  await browser.get('/logout')
  expect(await rest).toBe('data: ended\n\n')
})

test('Express beside Koa shares the sessions of Koa', async () => {
  const { site, browser } = await startLoggedIn()
  const app = express()
  app.get('/who', async (req, res) => {
    const live = await site.session.open(req)
    live?.close()
    res.json(live?.session ?? null)
  })
  const origin = await listen(createServer(app))
  expect((await browser.get(`${origin}/who`)).json()).toEqual({ user: 'ada' })
  await browser.get('/logout')
  expect((await browser.get(`${origin}/who`)).json()).toBe(null)
})

test('HTTP/2: requests and bare streams end with the session', async () => {
  const { site, browser } = await startLoggedIn()
  const server = createHttp2()
  server.on('request', async (req, res) => {
    const live = await site.session.open(req)
    if (live) eventStream(live.signal).pipe(res)
    else res.end('no session')
  })
  const origin = await listen(server)
  const client = connectHttp2(origin)
  ends.push(() => client.close())
  const stream = client.request({ ':path': '/', cookie: browser.cookie })
  stream.setEncoding('utf8')
  expect((await once(stream, 'data'))[0]).toBe('data: hello\n\n')
  await browser.get('/logout')
  expect((await once(stream, 'data'))[0]).toBe('data: ended\n\n')
})

test('Koa over HTTP/2: ctx.sessionSignal ends with the session, and with its stream', async () => {
  const { site, browser } = await startLoggedIn()
  const origin = await listen(createHttp2(site.app.callback()))
  const client = connectHttp2(origin)
  ends.push(() => client.close())
  const request = async () => {
    const stream = client.request({ ':path': '/events', cookie: browser.cookie })
    stream.setEncoding('utf8')
    await once(stream, 'data')
    return stream
  }
  const [closed, ended] = [await request(), await request()]
  expect(await connectionsOf(site)).toEqual([2])
  closed.close()
  await expect.poll(() => connectionsOf(site)).toEqual([1])
  await browser.get('/logout')
  expect((await once(ended, 'data'))[0]).toBe('data: ended\n\n')
})

test('a listener that throws hinders neither other connections nor the logout', async () => {
  const program = await bundle(import.meta.dirname, 'thrower.ts')
  ends.push(() => program.remove())
  const child = fork(program.file)
  const exited = once(child, 'exit')
  const [result] = await once(child, 'message')
  expect(result).toEqual({
    caught: ['thrown by a listener'],
    status: 200,
    closed: ['ended', 'ended'],
    errors: 0,
  })
  // No timer of the checks keeps the process alive.
  expect((await exited)[0]).toBe(0)
})
