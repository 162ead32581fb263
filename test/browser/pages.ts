import type { Browser, BrowserContextOptions, Page } from 'playwright-core'

interface Held {
  page: Page
  kind: string
}

/** Pages without cookies, which later tests get again: a new context takes as long as three page loads. */
export class Pages {
  readonly #browser: () => Browser
  readonly #taken: Held[] = []
  readonly #free: Held[] = []

  constructor(browser: () => Browser) {
    this.#browser = browser
  }

  /** A page in a context of its own. */
  async take(options: BrowserContextOptions = {}): Promise<Page> {
    const kind = JSON.stringify(options)
    const at = this.#free.findIndex((held) => held.kind === kind)
    const [held = { kind, page: await this.#create(options) }] =
      at < 0 ? [] : this.#free.splice(at, 1)
    this.#taken.push(held)
    return held.page
  }

  /** Makes all pages as new, for the next test. */
  async release(): Promise<void> {
    for (const held of this.#taken.splice(0)) {
      const { page } = held
      const context = page.context()
      for (const event of ['console', 'pageerror', 'dialog']) page.removeAllListeners(event)
      for (const tab of context.pages()) if (tab !== page) await tab.close()
      await context.clearCookies()
      this.#free.push(held)
    }
  }

  async #create(options: BrowserContextOptions): Promise<Page> {
    const context = await this.#browser().newContext(options)
    return context.newPage()
  }
}
