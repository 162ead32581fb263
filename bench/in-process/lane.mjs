import { cookieOf, send } from './request.mjs'
import { handlerFor } from './scenarios.mjs'
import { BARE } from './setups.mjs'

// With a single user, record and cookie would stay in the processor's caches.
const USERS = 100

const SOME_COOKIE = `koa.sid=${'x'.repeat(32)}; koa.sid.sig=${'x'.repeat(27)}`

/** One variant in one scenario: its app, its handler and the cookies of its users. */
export class Lane {
  #app
  #handler
  #cookies
  #turn = 0

  constructor(variant, scenario, cookies) {
    this.variant = variant.name
    this.scenario = scenario
    this.#app = scenario.rolling ? variant.rolling : variant.plain
    this.#handler = handlerFor(scenario, variant.name)
    this.#cookies = cookies
  }

  /** Logs the users in, if the scenario has sessions; later requests send their cookies. */
  static async open(variant, scenario) {
    if (!scenario.session) return new Lane(variant, scenario, [undefined])
    // Bare Koa has no sessions, but its requests carry a cookie of the same length.
    if (variant.name === BARE) return new Lane(variant, scenario, [SOME_COOKIE])
    const login = {
      ...scenario,
      handler: (ctx) => void Object.assign(ctx.session, scenario.session),
    }
    const lane = new Lane(variant, login, [undefined])
    const cookies = []
    while (cookies.length < USERS) cookies.push(cookieOf(await lane.enter().send()))
    return new Lane(variant, scenario, cookies)
  }

  /** Installs this lane's handler in the app, which the lanes of a variant share. */
  enter() {
    this.#app.handler = this.#handler
    return this
  }

  /** Sends the next user's request. */
  send() {
    const cookies = this.#cookies
    this.#turn = (this.#turn + 1) % cookies.length
    return send(this.#app.callback, cookies[this.#turn])
  }
}
