import { Browser, type Reply } from '../support/browser.js'
import type { Gates } from '../support/gate.js'

/** A user whose requests go to one server, or to several in turn, and who may do several at once. */
export class Player {
  readonly browser: Browser
  readonly #origins: readonly string[]
  readonly #gates: Gates | undefined
  #turn = 0

  /** `gates`: those of the server, where it runs in this process. */
  constructor(origins: readonly string[], gates?: Gates) {
    this.#origins = origins
    this.#gates = gates
    this.browser = new Browser(origins[0] ?? '')
  }

  get cookie(): string {
    return this.browser.cookie
  }

  get id(): string | undefined {
    return this.browser.jar.get('koa.sid')
  }

  /** `cookie`: sends this one in the place of the jar's. */
  do(steps: string, cookie?: string): Promise<Reply> {
    const origin = this.#origins[this.#turn++ % this.#origins.length]
    return this.browser.get(`${origin}/?do=${steps}`, cookie === undefined ? {} : { cookie })
  }

  async read(cookie?: string): Promise<unknown> {
    return (await this.do('read', cookie)).json()
  }

  /** Begins a request, and returns when it waits at the gate. */
  async start(gate: string, steps: string, cookie?: string): Promise<{ finish(): Promise<Reply> }> {
    const origin = this.#origins[this.#turn % this.#origins.length]
    const reply = this.do(steps, cookie)
    if (this.#gates) await this.#gates.arrived(gate)
    else await this.browser.get(`${origin}/gate/arrived?name=${gate}`)
    return {
      finish: async () => {
        if (this.#gates) this.#gates.open(gate)
        else await this.browser.get(`${origin}/gate/open?name=${gate}`)
        return reply
      },
    }
  }

  close(): void {
    this.browser.close()
  }
}
