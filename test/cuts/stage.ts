import { randomUUID } from 'node:crypto'
import type { SessionStore } from '../../src/index.js'
import { isTombstone } from '../../src/record/tombstone.js'
import type { StoreProxy, When } from '../chaos/store/proxy.js'
import type { Browser } from '../support/browser.js'
import { hashed } from '../support/hashed.js'
import { type Site, serve } from '../support/site.js'
import type { Mode } from './modes.js'
import { type Aftermath, type Opened, type Operation, ROUTES } from './operations.js'

/** A store behind a proxy, and the same store without one. */
export interface Connected {
  store: SessionStore
  direct: SessionStore
  proxy: StoreProxy
  close(): Promise<unknown>
}

/**
 * Which command of an operation is cut, counted from 1, and when. `twice`: after it took effect, and
 * the next command before it reaches the server.
 */
export interface Cut {
  number: number
  when: When | 'twice'
}

export const UNCUT: Cut = { number: 0, when: 'before' }
const COOKIE = 'koa.sid'

/** Takes the command with this number, counted from 1, of those that name a key. */
class NthCommand {
  #before: number
  readonly #prefix: string

  constructor(number: number, prefix: string) {
    this.#before = number
    this.#prefix = prefix
  }

  /** What the client sends when it connects, or to prepare a statement, names no key. */
  test(bytes: string): boolean {
    if (!bytes.includes(this.#prefix)) return false
    this.#before--
    return this.#before === 0
  }

  get wasSent(): boolean {
    return this.#before <= 0
  }
}

/** The app of one mode, over a store whose connection can be cut. */
export class Stage {
  readonly #connected: Connected
  readonly #prefix: string
  readonly #site: Site
  /** The app on which sessions begin. */
  readonly #before: Site
  readonly #visitor: Browser

  private constructor(connected: Connected, prefix: string, site: Site, before: Site) {
    this.#connected = connected
    this.#prefix = prefix
    this.#site = site
    this.#before = before
    this.#visitor = site.browser()
  }

  static async open(connected: Connected, { options, before }: Mode): Promise<Stage> {
    const prefix = `cuts:${randomUUID()}:`
    const { store } = connected
    const site = await serve(ROUTES, { ...options, store, prefix })
    site.app.silent = true
    const earlier = before ? await serve(ROUTES, { ...before, store, prefix }) : site
    return new Stage(connected, prefix, site, earlier)
  }

  async close(): Promise<void> {
    for (const site of new Set([this.#site, this.#before])) await site.close()
  }

  /** Runs an operation. Returns what is wrong afterwards, and whether there was a command to cut. */
  async play(operation: Operation, { number, when }: Cut) {
    const { proxy } = this.#connected
    const user = this.#site.browser()
    if (!operation.isFirst) await user.get(`${this.#before.origin}/set`)
    const [oldCookie, id] = [user.cookie, user.jar.get(COOKIE)]
    this.#forget()
    const command = new NthCommand(number, this.#prefix)
    const cut = proxy.cut(when === 'twice' ? 'after' : when, command)
    if (when === 'twice') void cut.then(() => proxy.cut('before', new NthCommand(1, this.#prefix)))
    const asking = operation.byOther ? this.#visitor : user
    const { status, text: body } = await asking.get(`${operation.path}?id=${id}`)
    proxy.calm()
    const wasCut = command.wasSent
    const noise = this.#noise(status)
    const old = await this.#look(oldCookie)
    const own = user.cookie === oldCookie ? old : await this.#look(user.cookie)
    const after: Aftermath = { status, body, oldCookie, cookie: user.cookie, old, own }
    const orphans = await this.#orphans(new Set([id, user.jar.get(COOKIE)]))
    user.close()
    const state = [...judge(operation, after, wasCut), ...orphans]
    const faults = [...noise, ...(isStateUnknowable(operation, when, status) ? [] : state)]
    return { wasCut, faults }
  }

  /** Events and errors of the operation: its own end is no surprise, and each failure is a 503. */
  #noise(status: number): string[] {
    const events = this.#site.events
      .filter((name) => !isEventUnknowable(name, status))
      .map((name) => `it emitted session:${name}`)
    const errors = this.#site.errors
      .filter((error) => Reflect.get(error, 'code') !== 'ERR_SESSION_UNAVAILABLE')
      .map(({ message }) => `the app emitted the error ${message}`)
    return [...events, ...errors]
  }

  #forget(): void {
    this.#site.events.length = 0
    this.#site.errors.length = 0
  }

  async #look(cookie: string): Promise<Opened> {
    if (cookie === '') return undefined
    const reply = await this.#visitor.get('/read', { cookie })
    this.#visitor.jar.clear()
    if (reply.status !== 200)
      throw new Error(`A look at the healthy store answered ${reply.status}`)
    const session: Record<string, unknown> = reply.json()
    return typeof session.x === 'number' ? (session as Opened) : undefined
  }

  /** Live records that no cookie leads to, or several of one id. Clears the store. */
  async #orphans(ids: ReadonlySet<string | undefined>): Promise<string[]> {
    const live = await this.#clear()
    const faults: string[] = []
    for (const id of ids) {
      if (id === undefined) continue
      const [bare, hash] = [id, hashed(id)].map((name) => live.delete(this.#prefix + name))
      if (bare && hash) faults.push('the session is stored under its bare id and under its hash')
    }
    for (const _ of live) faults.push('a record is stored that no cookie opens')
    return faults
  }

  /** Returns the keys of the live records. */
  async #clear(): Promise<Set<string>> {
    const { direct } = this.#connected
    const live = new Set<string>()
    let cursor: string | undefined
    do {
      const page = await direct.scan?.(this.#prefix, cursor, 1000)
      for (const { key, value } of page?.records ?? []) {
        if (!isTombstone(value)) live.add(key)
        await direct.destroy(key)
      }
      cursor = page?.cursor
    } while (cursor !== undefined)
    return live
  }
}

function judge(operation: Operation, after: Aftermath, wasCut: boolean): string[] {
  const { status, oldCookie, cookie, old, own } = after
  if (status === 200 && operation.done(after)) return []
  if (status === 503 && wasCut && operation.failed(after)) return []
  const kind =
    cookie === '' ? 'no cookie' : cookie === oldCookie ? 'its old cookie' : 'a new cookie'
  return [
    `it answered ${status}, the browser has ${kind}, which opens ${JSON.stringify(own)}, and the old one opens ${JSON.stringify(old)}`,
  ]
}

/**
 * An update() whose answer was lost fails with 503. Its request still extends the session, or moves
 * it, and finds another record than it read. It cannot know that this is its own update.
 */
function isEventUnknowable(event: string, status: number): boolean {
  return event === 'conflict' && status === 503
}

/**
 * The answer to the command is lost, and the look after it fails as well: a 503 cannot say whether a
 * record was made or ended. So a record may be left over until it expires, or the session may be over.
 */
function isStateUnknowable({ movesOn }: Operation, when: Cut['when'], status: number): boolean {
  return when === 'twice' && status === 503 && movesOn === true
}
