import { setTimeout as sleep } from 'node:timers/promises'
import type { Context } from 'koa'
import { type SessionContext, SessionError } from '../../../src/index.js'
import { clock } from '../clock.js'
import { type Action, type Data, KEPT, KICK, type Report } from '../protocol.js'

export type ChaosContext = Context & SessionContext<Data>

/** One request: the steps of its handler, and its report. */
export class Work {
  readonly report: Report = { known: clock() }
  readonly number: number
  readonly #browser: number
  readonly #ctx: ChaosContext

  constructor(ctx: ChaosContext) {
    this.#ctx = ctx
    this.number = Number(ctx.query.number)
    this.#browser = Number(ctx.query.browser)
  }

  /** Waits before or after the change, as long as the query says. */
  async wait(when: 'before' | 'after'): Promise<void> {
    const ms = Number(this.#ctx.query[when])
    if (ms === 0) return
    await sleep(ms)
    this.asksStore()
  }

  /** Called before the store is asked: what had ended by now, this request can know. */
  asksStore(): void {
    this.report.known = clock()
  }

  begin(data: Data): void {
    if (data.born !== undefined) return
    data.born = this.number
    data.owner = this.#browser
  }

  set(name: 'k' | 'l'): void {
    const { session } = this.#ctx
    this.begin(session)
    session[`${name}${this.number}`] = true
    this.asksStore()
  }

  async save(): Promise<void> {
    this.asksStore()
    await this.#ctx.saveSession()
  }

  async count(): Promise<void> {
    this.asksStore()
    const counting = this.#ctx.session.update((draft) => {
      this.begin(draft)
      const counted = [...(draft.counted ?? []), this.number]
      draft.counted = counted
      draft.count = (draft.count ?? 0) + 1
      return counted
    })
    const after = await counting.catch((error: unknown) => {
      if (error instanceof SessionError && error.code === 'ERR_SESSION_ENDED') return undefined
      throw error
    })
    // An update that was not stored is not reported.
    if (after) this.report.after = after
  }

  login(): void {
    this.#ctx.regenerateSession({ keep: [...KEPT] })
    const { session } = this.#ctx
    this.begin(session)
    session.user = this.#browser
    this.asksStore()
  }

  logout(): void {
    this.#ctx.session = null
    this.asksStore()
  }

  async kick(): Promise<void> {
    this.asksStore()
    this.report.kicked = await this.#ctx.sessionStore.destroy(this.#ctx.get(KICK))
  }

  throw(): never {
    this.#ctx.throw(418)
  }
}

type Handler = (work: Work) => void | Promise<void>

/** Runs between the two waits. The session is committed when the handler has returned. */
export const HANDLERS: Record<Action, Handler> = {
  read: () => undefined,
  write: (work) => work.set('k'),
  count: (work) => work.count(),
  login: (work) => work.login(),
  logout: (work) => work.logout(),
  throw: (work) => work.set('k'),
  'save-early': (work) => {
    work.set('k')
    return work.save()
  },
  'save-twice': (work) => {
    work.set('k')
    return work.save()
  },
  'count-early': (work) => work.count(),
  'login-early': (work) => {
    work.login()
    return work.save()
  },
  'throw-early': (work) => {
    work.set('k')
    return work.save()
  },
  kick: (work) => work.kick(),
}

/** Runs after the second wait. */
export const LAST: Partial<Record<Action, Handler>> = {
  // The commit follows, which asks the store.
  write: (work) => work.asksStore(),
  login: (work) => work.asksStore(),
  logout: (work) => work.asksStore(),
  'save-twice': (work) => work.set('l'),
  throw: (work) => {
    work.asksStore()
    work.throw()
  },
  'throw-early': (work) => work.throw(),
}
