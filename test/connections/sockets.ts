import { once } from 'node:events'
import type { IncomingMessage, Server } from 'node:http'
import type { Duplex } from 'node:stream'
import { WebSocket, WebSocketServer } from 'ws'
import type { LiveSession } from '../../src/index.js'

type Open = (req: IncomingMessage) => Promise<LiveSession<SessionData> | undefined>

/** WebSockets for those that have a session. Each ends with its session, and echoes through it. */
export function serveSockets(server: Server, open: Open): WebSocketServer {
  const sockets = new WebSocketServer({ noServer: true })
  server.on('upgrade', async (req: IncomingMessage, socket: Duplex, head: Buffer) => {
    const live = await open(req).catch(() => undefined)
    if (!live) {
      socket.end('HTTP/1.1 401 Unauthorized\r\n\r\n')
      return
    }
    sockets.handleUpgrade(req, socket, head, (ws) => serveSocket(ws, live))
  })
  return sockets
}

function serveSocket(ws: WebSocket, live: LiveSession<SessionData>): void {
  const end = () => ws.close(4001, live.signal.reason.kind)
  if (live.signal.aborted) end()
  else live.signal.addEventListener('abort', end)
  ws.on('close', () => live.close())
  ws.on('message', (data) => {
    answer(live, String(data)).then(
      (text) => ws.send(text),
      () => ws.close(1011),
    )
  })
}

function answer(live: LiveSession<SessionData>, text: string): Promise<string> {
  return live.update((session) => {
    session.seen = (session.seen ?? 0) + 1
    return `${session.user} ${session.seen} ${text}`
  })
}

/** A client's end of a WebSocket. */
export interface ClientSocket {
  /** Resolves to the reason that the server gave. */
  closed: Promise<string>
  isOpen(): boolean
  /** Sends a text, and resolves to the next one that comes. */
  ask(text: string): Promise<string>
  close(): void
}

/** Rejects when the server refuses it. */
export async function connectSocket(origin: string, cookie: string): Promise<ClientSocket> {
  const ws = new WebSocket(origin.replace('http', 'ws'), { headers: { cookie } })
  await once(ws, 'open')
  const closed = once(ws, 'close').then(([, reason]) => String(reason))
  return {
    closed,
    isOpen: () => ws.readyState === WebSocket.OPEN,
    async ask(text) {
      ws.send(text)
      const [answer] = await once(ws, 'message')
      return String(answer)
    },
    close: () => ws.close(),
  }
}
