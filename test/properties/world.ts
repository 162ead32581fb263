import Koa from 'koa'
import session, {
  type LegacyStore,
  type SessionMiddleware,
  type SessionOptions,
  type SessionStore,
} from '../../src/index.js'
import { FaultyStore, type StoreCall } from '../../src/testing.js'
import { Gate } from '../support/gate.js'
import { inject } from '../support/inject.js'
import { type Data, type Op, type Outcome, outcome, type Pending } from './model.js'

/** Which write of a request fails, counted from 1, and whether before its effect or after it. */
export interface Fault {
  at: 'before' | 'after'
  nth: number
}

/** An app with the middleware, and the model of what it promises. */
export class World {
  readonly #store: FaultyStore
  readonly #prefix: string
  readonly #middleware: SessionMiddleware<unknown>
  readonly #handle: ReturnType<Koa['callback']>
  readonly #waiting = new Map<string, { ops: Op[]; early: boolean; gate: Gate }>()
  readonly #defer: boolean
  /** The requests whose update was rejected, as the session had ended. */
  readonly #refused = new Set<string>()
  #requests = 0

  /** The live sessions, as they should be, and the ids that must never load again. */
  readonly sessions = new Map<string, Data>()
  readonly dead = new Set<string>()
  readonly barred = new Set<string>()
  /** The cookie of each browser. */
  readonly jars: Map<string, string>[]
  readonly pending: Pending[] = []

  constructor(
    browsers: number,
    store: SessionStore | LegacyStore,
    options: SessionOptions<SessionData>,
  ) {
    this.#store = new FaultyStore(store)
    this.#prefix = options.prefix ?? ''
    this.#defer = options.defer ?? false
    this.jars = Array.from({ length: browsers }, () => new Map())
    const app = new Koa()
    app.keys = ['a secret of the properties']
    app.silent = true
    this.#middleware = session({ ...options, store: this.#store })
    app.use(this.#middleware)
    app.use(async (ctx) => {
      const request = this.#waiting.get(ctx.path)
      if (!request) return
      if (request.early) await ctx.session
      await request.gate.pass()
      for (const op of request.ops)
        await perform(ctx, op).catch((error) => {
          if (error.code !== 'ERR_SESSION_ENDED') throw error
          this.#refused.add(ctx.path)
        })
      ctx.body = 'done'
    })
    this.#handle = app.callback()
  }

  /** Deletes what the game left in the store. */
  async close(): Promise<void> {
    this.#middleware.close()
    await Promise.all(this.#ids().map((id) => this.#store.destroy(this.#prefix + id)))
  }

  /** Begins a request, and returns once it waits at its gate. */
  async begin(browser: number, ops: Op[], early: boolean): Promise<void> {
    const path = `/${this.#requests++}`
    const gate = new Gate()
    const jar = this.jars[browser] ?? new Map<string, string>()
    const id = jar.get('koa.sid')
    const looked = !this.#defer || early
    const cookie = [...jar].map(([name, value]) => `${name}=${value}`).join('; ')
    this.#waiting.set(path, { ops, early, gate })
    const reply = inject(this.#handle, path, cookie)
    const finish = () => {
      gate.open()
      return reply
    }
    const late = id !== undefined && this.barred.has(id)
    const begun: Pending = { path, browser, ops, id, looked, late, seen: undefined, finish }
    this.pending.push(begun)
    await gate.arrived
    if (looked) this.#look(begun)
  }

  /** Opens the gate of a request, and compares what came of it with the model. */
  async finish(index: number, fault: Fault | undefined): Promise<void> {
    const [pending] = this.pending.splice(index % this.pending.length, 1)
    if (!pending) return
    if (!pending.looked) this.#look(pending)
    const expected = outcome(pending, this.#now(pending.id), this.#late.has(pending))
    const failure = fault && this.#store.fail('any', { ...fault, where: isWrite })
    const reply = await pending.finish()
    failure?.cancel()
    if (fault && failure?.hits) return this.#afterFault(pending, expected, fault.at, reply)
    demand(reply.status === 200, `a request without a fault was answered ${reply.status}`)
    this.#checkUpdate(pending, expected)
    this.#settle(pending, expected, reply.cookies)
  }

  /** An update says that it was stored, or rejects. */
  #checkUpdate({ path, ops }: Pending, expected: Outcome): void {
    const isLost = expected.type === 'nothing' && ops.some(({ type }) => type === 'update')
    demand(this.#refused.has(path) === isLost, 'an update that was not stored looks stored')
  }

  #settle(pending: Pending, expected: Outcome, lines: string[]): void {
    this.#take(pending.browser, lines)
    const sent = sid(lines)
    if (expected.type === 'nothing')
      demand(sent === undefined, 'nothing was written, and yet a cookie was sent')
    if (expected.type === 'write' && pending.id) this.sessions.set(pending.id, expected.data)
    if (expected.type === 'end' || expected.type === 'move') this.#kill(pending.id)
    if (expected.type === 'end')
      demand(sent === '', 'the session was ended, and its cookie not cleared')
    if (expected.type === 'create' || expected.type === 'move') {
      demand(Boolean(sent), 'a session was made, and no cookie sent')
      this.sessions.set(sent ?? '', expected.data)
    }
  }

  /** Deletes the record, as an expiry does. */
  async expire(browser: number): Promise<void> {
    const id = this.jars[browser]?.get('koa.sid')
    if (id === undefined || !this.sessions.has(id)) return
    await this.#store.destroy(this.#prefix + id)
    // An expiry comes from outside: the event loop turns before a request can read.
    await new Promise(setImmediate)
    this.sessions.delete(id)
    this.dead.add(id)
  }

  /** What has to hold at every moment. */
  async check(): Promise<void> {
    const held = new Map<string, Data>()
    const load = async (id: string) => {
      const data = dataOf(await this.#store.load(this.#prefix + id))
      if (data) held.set(id, data)
    }
    await Promise.all(this.#ids().map(load))
    for (const id of this.dead) demand(!held.has(id), 'a session that ended loads again')
    for (const [id, data] of this.sessions) {
      const found = held.get(id)
      demand(
        found !== undefined && same(found, data),
        `the store holds ${JSON.stringify(found)} where ${JSON.stringify(data)} was written`,
      )
    }
    for (const id of held.keys())
      demand(this.sessions.has(id), 'the store holds a session whose id no browser got')
  }

  /** Every id that a session was ever created under. */
  #ids(): string[] {
    const created = this.#store.calls.filter(({ method }) => method === 'create')
    return [...new Set(created.map(({ key }) => key.slice(this.#prefix.length)))]
  }

  #look(pending: Pending): void {
    pending.looked = true
    const data = this.#now(pending.id)
    pending.seen = data && { ...data }
    if (pending.id !== undefined && this.barred.has(pending.id)) this.#late.add(pending)
  }

  readonly #late = new Set<Pending>()

  #now(id: string | undefined): Data | undefined {
    return id === undefined ? undefined : this.sessions.get(id)
  }

  #kill(id: string | undefined): void {
    if (id === undefined) return
    this.sessions.delete(id)
    this.dead.add(id)
    this.barred.add(id)
  }

  /**
   * A failing store is a 500 that leaves the cookies alone; whether it wrote, only the store knows.
   * Where it ended a session and its answer was lost, a look at the store makes that a success.
   */
  async #afterFault(
    pending: Pending,
    expected: Outcome,
    at: Fault['at'],
    reply: { status: number; cookies: string[] },
  ): Promise<void> {
    const isEnd = expected.type === 'end' || expected.type === 'move'
    if (at === 'after' && isEnd && reply.status === 200)
      return this.#settle(pending, expected, reply.cookies)
    demand(reply.status === 500, `a failing store was answered ${reply.status}`)
    // A handler whose update failed has thrown; what else it did is saved, as after any error.
    const rest = pending.ops.filter(({ type }) => type !== 'update')
    const retried = rest.length < pending.ops.length
    const second: Outcome = retried
      ? outcome({ ...pending, ops: rest }, this.#now(pending.id), this.#late.has(pending))
      : { type: 'nothing' }
    if (at === 'before' || !this.#now(pending.id))
      return this.#settle(pending, second, reply.cookies)
    demand(retried || reply.cookies.length === 0, 'a failing store touched the cookie')
    this.#take(pending.browser, reply.cookies)
    await this.#learn(pending.id ?? '', expected, second)
  }

  /** The write is stored or is not: the model takes over which, and checks that it is one of the two. */
  async #learn(id: string, expected: Outcome, second: Outcome): Promise<void> {
    const before = this.#now(id) ?? {}
    const held = dataOf(await this.#store.load(this.#prefix + id))
    if (!held) {
      const ended = expected.type === 'end' || expected.type === 'move'
      demand(ended, 'a failing write ended the session')
      return this.#kill(id)
    }
    const wrote = [expected, second].flatMap((each) => (each.type === 'write' ? [each.data] : []))
    const legal = [before, ...wrote].some((data) => same(held, data))
    demand(legal, 'a failing write left data that no request wrote')
    this.sessions.set(id, held)
  }

  #take(browser: number, lines: string[]): void {
    const jar = this.jars[browser]
    for (const line of lines) {
      const [name = '', value = ''] = (line.split(';')[0] ?? '').split('=')
      if (value === '') jar?.delete(name)
      else jar?.set(name, value)
    }
  }
}

const isWrite = ({ method }: StoreCall) => ['create', 'replace', 'destroy'].includes(method)

/** The data of a record; undefined for a tombstone and where there is none. */
function dataOf(value: string | undefined): Data | undefined {
  const record: unknown = JSON.parse(value ?? 'null')
  if (typeof record !== 'object' || record === null) return undefined
  const { cookie: _, ...data } = record as Data & { cookie: unknown }
  return data
}

async function perform(ctx: Koa.Context, op: Op): Promise<void> {
  const isOver = ctx.state.isLoggedOut === true
  ctx.state.isLoggedOut = op.type === 'logout' || (isOver && ['delete', 'update'].includes(op.type))
  if (op.type === 'logout') ctx.session = null
  else if (op.type === 'replace') ctx.session = { [op.key]: op.value }
  else if (op.type === 'regenerate') ctx.regenerateSession({ keep: op.keep })
  else {
    // After a logout there is nothing to delete, and an update rejects.
    if (isOver && op.type !== 'set') return
    const current = await ctx.session
    if (op.type === 'set') current[op.key] = op.value
    else if (op.type === 'delete') delete current[op.key]
    else {
      await ctx.updateSession((draft) => {
        draft[op.key] = (draft[op.key] ?? 0) + 1
      })
    }
  }
}

function sid(lines: string[]): string | undefined {
  return lines
    .find((line) => line.startsWith('koa.sid='))
    ?.slice('koa.sid='.length)
    .split(';')[0]
}

function same(one: Data, other: Data): boolean {
  const text = (data: Data) => JSON.stringify(Object.entries(data).sort())
  return text(one) === text(other)
}

function demand(holds: boolean, message: string): asserts holds {
  if (!holds) throw new Error(message)
}
