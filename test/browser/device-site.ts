import { createHash, X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import type { IncomingMessage } from 'node:http'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'
import Koa, { type Context } from 'koa'
import { type DeviceBoundOptions, deviceBound } from '../../src/device-bound.js'
import session, { type SessionOptions } from '../../src/index.js'
import { KEYS, type Routes } from '../support/site.js'

const PEM = readFileSync(join(import.meta.dirname, 'localhost.pem'), 'utf8')
const spki = new X509Certificate(PEM.slice(PEM.indexOf('-----BEGIN CERT'))).publicKey.export({
  type: 'spki',
  format: 'der',
})

const FEATURES = [
  'DeviceBoundSessions',
  'EnableBoundSessionCredentialsSoftwareKeysForManualTesting',
  'DeviceBoundSessionsDevTools',
]

/** What Chromium needs for device-bound sessions on the test server, with keys in software. */
export const DEVICE_FLAGS = [
  `--enable-features=${FEATURES}`,
  `--ignore-certificate-errors-spki-list=${createHash('sha256').update(spki).digest('base64')}`,
]

/** One request, as the server saw it. */
export interface Seen {
  path: string
  status: number
  /** It carried a bound cookie. */
  bound: boolean
  /** It carried a proof. */
  proof: boolean
  /** The header Secure-Session-Skipped. */
  skipped: string
}

/** A site over TLS whose sessions are bound to devices. */
export class DeviceSite {
  readonly seen: Seen[] = []
  /** The `session:device:` events, with the reason. */
  readonly events: string[] = []
  readonly errors: Error[] = []
  readonly #server: Server

  private constructor(
    private readonly name: string,
    routes: Routes,
    sessionOptions: SessionOptions<SessionData>,
    options: DeviceBoundOptions,
  ) {
    const app = new Koa()
    app.keys = KEYS
    app.on('error', (error) => this.errors.push(error))
    app.on('session:device:bound', () => this.events.push('bound'))
    app.on('session:device:refused', ({ why }) => this.events.push(why))
    app.use(async (ctx, next) => {
      try {
        await next()
        this.#offerOnly(ctx)
      } finally {
        if (ctx.path !== '/favicon.ico') this.#note(ctx)
      }
    })
    app.use(session({ key: '__Host-sid', ...sessionOptions }))
    app.use(deviceBound(options))
    app.use(async (ctx) => {
      const body = await routes[ctx.path]?.(ctx)
      ctx.status = ctx.status === 404 ? 200 : ctx.status
      ctx.type = 'html'
      ctx.body ??= page(body)
    })
    this.#server = createServer({ key: PEM, cert: PEM }, app.callback())
    this.#server.on('upgrade', (request, socket) => void this.#upgrade(request, socket))
  }

  /** Chromium takes each host below `localhost` for another site. */
  static async start(
    name: string,
    routes: Routes,
    sessionOptions: SessionOptions<SessionData>,
    options: DeviceBoundOptions,
  ): Promise<DeviceSite> {
    const site = new DeviceSite(name, routes, sessionOptions, options)
    site.#server.listen(0, '127.0.0.1')
    await once(site.#server, 'listening')
    return site
  }

  get origin(): string {
    return `https://${this.name}.localhost:${(this.#server.address() as AddressInfo).port}`
  }

  /** The requests since the last call. */
  take(): Seen[] {
    return this.seen.splice(0)
  }

  async close(): Promise<void> {
    this.#server.closeAllConnections()
    await new Promise((resolve) => this.#server.close(resolve))
  }

  /** Offers the algorithm in `ctx.state.only` alone. */
  #offerOnly(ctx: Context): void {
    const header = ctx.response.get('Secure-Session-Registration')
    const { only } = ctx.state
    if (only) ctx.set('Secure-Session-Registration', header.replace(/\(.*?\)/, `(${only})`))
  }

  #note(ctx: Context): void {
    this.seen.push({
      path: ctx.path,
      status: ctx.status,
      bound: ctx.get('Cookie').includes('__Host-sid.device='),
      proof: ctx.get('Secure-Session-Response') !== '',
      skipped: ctx.get('Secure-Session-Skipped'),
    })
  }

  async #upgrade(request: IncomingMessage, socket: Duplex): Promise<void> {
    this.seen.push({
      path: request.url ?? '',
      status: 101,
      bound: String(request.headers.cookie).includes('__Host-sid.device='),
      proof: false,
      skipped: '',
    })
    const key = `${request.headers['sec-websocket-key']}258EAFA5-E914-47DA-95CA-C5AB0DC85B11`
    const accept = createHash('sha1').update(key).digest('base64')
    socket.end(
      `HTTP/1.1 101 Switching Protocols\r\nUpgrade: websocket\r\nConnection: Upgrade\r\nSec-WebSocket-Accept: ${accept}\r\n\r\n`,
    )
  }
}

function page(body: unknown): string {
  return `<!doctype html><link rel="icon" href="data:,"><title>${body ?? ''}</title>`
}
