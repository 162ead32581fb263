import { setTimeout as pace } from 'node:timers/promises'
import type { Context } from 'koa'
import type { SessionStore } from '../../src/stores/contract.js'
import type { Browser } from './browser.js'
import { type Site, serve } from './site.js'

/** Several set-ups run side by side: without a pause, their requests would take all of the processors. */
const PACE_MS = 40

interface Answer {
  begun: number
  ended: number
  status: number
}

/** One user who counts in a session, one request after another. */
class User {
  readonly answers: Answer[] = []
  /** When each count was acknowledged. */
  readonly #acknowledged: number[] = []
  /** When those were acknowledged that did not last. */
  readonly lost: number[] = []
  readonly #browser: Browser

  constructor(browser: Browser) {
    this.#browser = browser
  }

  async count(): Promise<void> {
    const begun = performance.now()
    const { status, text } = await this.#browser.get('/count')
    const ended = performance.now()
    this.answers.push({ begun, ended, status })
    if (status !== 200) return
    const count = Number(text)
    // What a failed request may have written all the same counts, too: only going back is a loss.
    this.lost.push(...this.#acknowledged.splice(count - 1).filter((at) => at > 0))
    while (this.#acknowledged.length < count - 1) this.#acknowledged.push(0)
    this.#acknowledged.push(ended)
  }

  /** When it was first served after a moment, and after the last time that it was not. */
  servedAgain(since: number): number | undefined {
    const failed = this.answers.findLastIndex(({ status }) => status !== 200)
    return this.answers.find(({ begun }, at) => at > failed && begun >= since)?.ended
  }
}

/** Users who keep counting over HTTP, through the real middleware. */
export class Load {
  readonly site: Site
  readonly #users: User[]
  #running = true
  readonly #done: Promise<unknown>

  private constructor(site: Site, users: User[]) {
    this.site = site
    this.#users = users
    this.#done = Promise.all(users.map((user) => this.#run(user)))
  }

  static async start(
    store: SessionStore,
    { users = 12, reconnectTimeout }: { users?: number; reconnectTimeout?: number } = {},
  ): Promise<Load> {
    const count = (ctx: Context) => {
      ctx.session.count = (ctx.session.count ?? 0) + 1
      return ctx.session.count
    }
    const waits = reconnectTimeout === undefined ? {} : { reconnectTimeout }
    const site = await serve({ '/count': count }, { store, ...waits })
    const all = Array.from({ length: users }, () => new User(site.browser()))
    // Everybody has a session before it begins.
    for (const user of all) await user.count()
    return new Load(site, all)
  }

  /** Whether everybody was served again by a request that began after this moment. */
  hasRecovered(since: number): boolean {
    return this.#users.every((user) => user.servedAgain(since) !== undefined)
  }

  async stop(): Promise<void> {
    this.#running = false
    await this.#done
    await this.site.close()
  }

  /** What came of it, with the server killed at that moment. */
  outcome(killed: number) {
    const answers = this.#users.flatMap((one) => one.answers)
    const again = this.#users.map((user) => user.servedAgain(killed) ?? Number.NaN)
    const lost = this.#users.flatMap((user) => user.lost)
    return {
      requests: answers.length,
      statuses: [...new Set(answers.map(({ status }) => status))].toSorted(),
      failed: answers.filter(({ status }) => status !== 200).length,
      longest: Math.max(...answers.map(({ begun, ended }) => ended - begun)),
      recovered: Math.max(...again) - killed,
      /** How long before it was killed the lost writes were acknowledged, in ms. */
      lost: lost.map((at) => killed - at),
    }
  }

  async #run(user: User): Promise<void> {
    while (this.#running) {
      await user.count()
      await pace(PACE_MS)
    }
  }
}
