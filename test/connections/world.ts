import { IncomingMessage, ServerResponse } from 'node:http'
import { Socket } from 'node:net'
import Koa, { type Context } from 'koa'
import session, {
  type LiveSession,
  MemoryStore,
  type OpenOptions,
  type SessionMiddleware,
  type SessionOptions,
  type SessionStore,
} from '../../src/index.js'
import { KEYS } from '../support/site.js'

/** A browser: the cookies that it has. */
export class Visitor {
  readonly jar = new Map<string, string>()

  get cookie(): string {
    return [...this.jar].map(([name, value]) => `${name}=${value}`).join('; ')
  }

  /** A request with these cookies, without a network. */
  request(): IncomingMessage {
    const req = new IncomingMessage(new Socket())
    Object.assign(req, { method: 'GET', url: '/', httpVersionMajor: 1, httpVersionMinor: 1 })
    req.headers = { host: 'localhost', ...(this.jar.size > 0 && { cookie: this.cookie }) }
    return req
  }

  take(lines: readonly string[]): void {
    for (const line of lines) {
      const [, name = '', value = ''] = /^([^=]+)=([^;]*)/.exec(line) ?? []
      if (value === '') this.jar.delete(name)
      else this.jar.set(name, value)
    }
  }
}

/** One process: an application with its own middleware, on a store that others may share. */
export class Process {
  readonly app = new Koa()
  readonly sessions: SessionMiddleware<unknown, SessionData>

  constructor(options: SessionOptions<SessionData>) {
    this.app.keys = KEYS
    this.sessions = session<SessionData>({ app: this.app, ...options })
  }

  /** Serves one request. */
  async visit(visitor: Visitor, handler: (ctx: Context) => unknown): Promise<void> {
    const req = visitor.request()
    const ctx: Context = this.app.createContext(req, new ServerResponse(req))
    await Reflect.apply(this.sessions, undefined, [ctx, async () => handler(ctx)])
    const lines = ctx.res.getHeader('Set-Cookie') ?? []
    visitor.take([lines].flat().map(String))
  }

  open(visitor: Visitor, options?: OpenOptions): Promise<LiveSession<SessionData> | undefined> {
    return this.sessions.open(visitor.request(), options)
  }

  /** Opens a connection that must be there. */
  async connect(visitor: Visitor, options?: OpenOptions): Promise<LiveSession<SessionData>> {
    const live = await this.open(visitor, options)
    if (!live) throw new Error('There is no session to open')
    return live
  }

  async login(visitor: Visitor, user = 'ada'): Promise<void> {
    await this.visit(visitor, async (ctx) => {
      await ctx.regenerateSession()
      const current = await ctx.session
      current.user = user
    })
  }

  logout(visitor: Visitor): Promise<void> {
    return this.visit(visitor, (ctx) => {
      ctx.session = null
    })
  }

  regenerate(visitor: Visitor): Promise<void> {
    return this.visit(visitor, async (ctx) => {
      await ctx.regenerateSession({ keep: ['user'] })
    })
  }
}

/** Why a connection ended; undefined: it goes on. */
export function kindOf(live: LiveSession<SessionData>): string | undefined {
  return live.signal.aborted ? live.signal.reason.kind : undefined
}

/** A store whose calls are counted, and fail while it is away. */
export interface TestStore extends SessionStore {
  isAway: boolean
  /** The calls since the last look, as method names. */
  take(): string[]
}

export function testStore(now: () => number = Date.now): TestStore {
  const store = new MemoryStore({ now })
  let calls: string[] = []
  const call =
    <A extends unknown[], R>(name: string, run: (...args: A) => R) =>
    (...args: A): R => {
      calls.push(name)
      if (tested.isAway) throw new Error('away')
      return run(...args)
    }
  const tested: TestStore = {
    isAway: false,
    load: call('load', (key, touch) => store.load(key, touch)),
    create: call('create', (key, value, until) => store.create(key, value, until)),
    replace: call('replace', (key, was, value, until) => store.replace(key, was, value, until)),
    touch: call('touch', (key, until) => store.touch(key, until)),
    destroy: call('destroy', (key) => store.destroy(key)),
    take() {
      const taken = calls
      calls = []
      return taken
    },
  }
  return tested
}
