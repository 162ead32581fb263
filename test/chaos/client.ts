import { clock } from './clock.js'
import { LIMIT_MS, type Reply, send } from './http.js'
import type { Session, Step } from './oracle/model.js'
import type { Oracle } from './oracle/oracle.js'
import { type Action, KICK } from './protocol.js'
import type { Random } from './random.js'
import type { ServerPool, Target } from './server-pool.js'

/** A cookie jar. The answer that arrives last decides. */
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

export interface RequestSpec {
  action: Action
  /** How long the handler waits before and after the change, in ms. */
  before: number
  after: number
}

export interface ClientOptions {
  servers: ServerPool
  oracle: Oracle
  /** The name of the session's cookie. */
  cookie: string
  isSecure: boolean
  log(step: Step, text: string): void
}

/** Sends the requests of the browsers, and passes each of them and its answer to the oracle. */
export class Client {
  requests = 0
  /** How many answers had each status; 0: no answer. */
  readonly statuses = new Map<number, number>()
  readonly #options: ClientOptions
  readonly #headers = new Map<Session, string>()

  constructor(options: ClientOptions) {
    this.#options = options
  }

  /** Reads a session once more with the cookie that it had last. */
  async inspect(session: Session, random: Random): Promise<void> {
    const browser = new Browser(session.owner)
    browser.take(this.#headers.get(session), session)
    await this.ask(browser, { action: 'read', before: 0, after: 0 }, random)
  }

  /** @returns `nothing` when the server was asked with a cookie and found no session under it. */
  async ask(browser: Browser, spec: RequestSpec, random: Random): Promise<'nothing' | undefined> {
    const { session, header } = browser
    const target = this.#options.servers.target(random, header === undefined)
    if (!target) return undefined
    const step = this.#step(browser, spec.action, session)
    const reply = await this.#send(target, step, spec, header ? { cookie: header } : {})
    if (!reply) return undefined
    const next = this.#options.oracle.answered(step, reply, browser.session)
    browser.take(reply.header, next)
    if (next && reply.header) this.#headers.set(next, reply.header)
    this.#note(step, target, spec, reply)
    const isNothing = session && reply.report?.seen && reply.report.seen.born === undefined
    return isNothing ? 'nothing' : undefined
  }

  /** An administrator ends the session that a browser has. */
  async kick(browser: Browser, random: Random): Promise<void> {
    const target = this.#options.servers.target(random)
    const { session, header } = browser
    if (!target || !session || !header) return
    const name = `${this.#options.cookie}=`
    const id = header.split('; ').find((pair) => pair.startsWith(name))
    const spec: RequestSpec = { action: 'kick', before: 0, after: 0 }
    const step = this.#step(browser, 'kick', session)
    const reply = await this.#send(target, step, spec, { [KICK]: id?.slice(name.length) ?? '' })
    if (!reply) return
    this.#options.oracle.answered(step, reply, undefined)
    this.#note(step, target, spec, reply)
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
    { action, before, after }: RequestSpec,
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

  #note(
    step: Step,
    { label }: Target,
    { before, after }: RequestSpec,
    reply: Reply | undefined,
  ): void {
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
