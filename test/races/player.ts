import { Browser, type Reply } from '../support/browser.js'

/** A user whose requests go to one server, or to several in turn, and who may do several at once. */
export class Player {
  readonly browser: Browser
  readonly #origins: readonly string[]
  #turn = 0

  constructor(origins: readonly string[]) {
    this.#origins = origins
    this.browser = new Browser(origins[0] ?? '')
  }

  get cookie(): string {
    return this.browser.cookie
  }

  get id(): string | undefined {
    return this.browser.jar.get('koa.sid')
  }

  /** With `cookie`: as somebody who still holds that one. */
  do(steps: string, cookie?: string): Promise<Reply> {
    const origin = this.#origins[this.#turn++ % this.#origins.length]
    return this.browser.get(`${origin}/?do=${steps}`, cookie === undefined ? {} : { cookie })
  }

  async read(cookie?: string): Promise<unknown> {
    return (await this.do('read', cookie)).json()
  }

  /** Begins a request and returns when it stands at the gate. */
  async start(gate: string, steps: string, cookie?: string): Promise<{ finish(): Promise<Reply> }> {
    const origin = this.#origins[this.#turn % this.#origins.length]
    const reply = this.do(steps, cookie)
    await this.#gate(`${origin}/gate/arrived?name=${gate}`)
    return {
      finish: async () => {
        await this.#gate(`${origin}/gate/open?name=${gate}`)
        return reply
      },
    }
  }

  close(): void {
    this.browser.close()
  }

  async #gate(url: string): Promise<void> {
    await this.browser.get(url)
  }
}
