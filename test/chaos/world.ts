import { clock } from './clock.js'
import type { Fleet, Target } from './fleet.js'
import { LIMIT_MS, type Reply, send } from './http.js'
import type { Session, Step } from './oracle/model.js'
import type { Oracle } from './oracle/oracle.js'
import { type Action, KICK } from './protocol.js'
import type { Random } from './random.js'

/** A cookie jar: what the answer that came last has set. */
export class Browser {
  header: string | undefined
  session: Session | undefined

  constructor(readonly number: number) {}

  take(header: string | undefined, session: Session | null | undefined): void {
    if (session === undefined) return
    this.header = session ? header : undefined
    this.session = session ?? undefined
  }

  copy({ header, session }: Browser): void {
    this.header = header
    this.session = session
  }

  clear(): void {
    this.take(undefined, null)
  }
}

export interface Wish {
  action: Action
  /** How long the handler waits before and after the change, in ms. */
  before: number
  after: number
}

export interface WorldOptions {
  fleet: Fleet
  oracle: Oracle
  /** The name of the session's cookie. */
  cookie: string
  isSecure: boolean
  log(step: Step, text: string): void
}

/** Sends requests of browsers to the servers, and tells the oracle of each. */
export class World {
  requests = 0
  /** How many answers had each status; 0: none came. */
  readonly statuses = new Map<number, number>()
  readonly #options: WorldOptions
  readonly #headers = new Map<Session, string>()

  constructor(options: WorldOptions) {
    this.#options = options
  }

  /** Reads a session once more with the cookie that it had last. */
  async inspect(session: Session, random: Random): Promise<void> {
    const browser = new Browser(session.owner)
    browser.take(this.#headers.get(session), session)
    await this.ask(browser, { action: 'read', before: 0, after: 0 }, random)
  }

  /** @returns `nothing` when the server was asked with a cookie and found no session under it. */
  async ask(browser: Browser, wish: Wish, random: Random): Promise<'nothing' | undefined> {
    const { session, header } = browser
    const target = this.#options.fleet.target(random, header === undefined)
    if (!target) return undefined
    const step = this.#step(browser, wish.action, session)
    const reply = await this.#send(target, step, wish, header ? { cookie: header } : {})
    if (!reply) return undefined
    const next = this.#options.oracle.answered(step, reply, browser.session)
    browser.take(reply.header, next)
    if (next && reply.header) this.#headers.set(next, reply.header)
    this.#note(step, target, wish, reply)
    const isNothing = session && reply.report?.seen && reply.report.seen.born === undefined
    return isNothing ? 'nothing' : undefined
  }

  /** An administrator ends the session that a browser has. */
  async kick(browser: Browser, random: Random): Promise<void> {
    const target = this.#options.fleet.target(random)
    const { session, header } = browser
    if (!target || !session || !header) return
    const name = `${this.#options.cookie}=`
    const id = header.split('; ').find((pair) => pair.startsWith(name))
    const wish: Wish = { action: 'kick', before: 0, after: 0 }
    const step = this.#step(browser, 'kick', session)
    const reply = await this.#send(target, step, wish, { [KICK]: id?.slice(name.length) ?? '' })
    if (!reply) return
    this.#options.oracle.answered(step, reply, undefined)
    this.#note(step, target, wish, reply)
  }

  #step(browser: Browser, action: Action, session: Session | undefined): Step {
    const step = {
      number: ++this.requests,
      browser: browser.number,
      action,
      sentAt: clock(),
      session,
    }
    this.#options.oracle.sent(step)
    return step
  }

  async #send(
    target: Target,
    step: Step,
    { action, before, after }: Wish,
    headers: Record<string, string>,
  ): Promise<Reply | undefined> {
    const { cookie, isSecure, oracle } = this.#options
    const query = `number=${step.number}&browser=${step.browser}&before=${before}&after=${after}`
    const reply = await send(`${target.origin}/${action}?${query}`, cookie, {
      ...headers,
      ...(isSecure && { 'x-forwarded-proto': 'https' }),
    })
    const status = reply?.status ?? 0
    this.statuses.set(status, (this.statuses.get(status) ?? 0) + 1)
    if (reply) return reply
    const now = clock()
    oracle.lost(step, now, now - step.sentAt >= LIMIT_MS)
    this.#note(step, target, { action, before, after }, undefined)
    return undefined
  }

  #note(step: Step, { label }: Target, { before, after }: Wish, reply: Reply | undefined): void {
    const { number, action, session, sentAt } = step
    const took = Math.round((reply?.at ?? clock()) - sentAt)
    const asked = `request ${number}: ${action} (${before}+${after} ms), session ${session?.label ?? 'none'}`
    const came = reply ? this.#outcome(step, reply) : 'no answer'
    this.#options.log(step, `${asked}, server ${label}, ${took} ms → ${came}`)
  }

  #outcome({ action }: Step, reply: Reply): string {
    const { status, report } = reply
    if (action === 'kick') return `${status}, ${report?.kicked}`
    const found = report?.seen && report.seen.born === undefined ? ', found nothing' : ''
    return `${status}${found}${this.#cookieOf(reply)}`
  }

  #cookieOf({ cookie }: Reply): string {
    if (cookie === undefined) return ''
    const session = this.#options.oracle.sessions.get(cookie)
    return session ? `, cookie of session ${session.label}` : ', cookie cleared'
  }
}
