import type { Cookie, Locator, Page } from 'playwright-core'

/** A browser context on a page of the example. */
export class Visitor {
  /** Messages of the console, errors of the page, and dialogs. */
  readonly problems: string[] = []

  /** Opens the page at `path`. */
  static async open(page: Page, origin: string, path = '/account'): Promise<Visitor> {
    const visitor = new Visitor(page, origin)
    page.on('console', (message) => visitor.problems.push(message.text()))
    page.on('pageerror', (error) => visitor.problems.push(error.message))
    page.on('dialog', (dialog) => visitor.problems.push(`dialog: ${dialog.message()}`))
    await page.goto(origin + path)
    return visitor
  }

  private constructor(
    readonly page: Page,
    readonly origin: string,
  ) {}

  /** Another tab with the same cookies. */
  async tab(): Promise<Visitor> {
    return Visitor.open(await this.page.context().newPage(), this.origin)
  }

  async logIn(name: string): Promise<void> {
    await this.page.locator('#name').fill(name)
    await this.click('Log in')
  }

  click(name: string): Promise<void> {
    return this.send(() => this.button(name).click())
  }

  /** Not by its role: to compute the roles of a page takes as long as to load it. */
  button(text: string): Locator {
    return this.page.locator('button', { hasText: text })
  }

  press(key: string): Promise<void> {
    return this.send(() => this.page.keyboard.press(key))
  }

  /** Does what sends a form, and waits for the answer. */
  async send(action: () => Promise<void>): Promise<void> {
    await Promise.all([this.page.waitForEvent('load'), action()])
  }

  /** What the page says had happened. */
  note(): Promise<string> {
    return this.page.locator('#note').innerText()
  }

  async count(): Promise<number> {
    return Number(await this.part('Hello').locator('strong').innerText())
  }

  /** As much as the page shows of the id. */
  async id(): Promise<string> {
    return this.part('Your session').locator('p code').innerText()
  }

  async session(): Promise<unknown> {
    return JSON.parse(await this.part('Your session').locator('pre').innerText())
  }

  /** The Set-Cookie lines that the page shows. */
  setCookie(): Promise<string[]> {
    return this.part('This response').locator('li').allInnerTexts()
  }

  /** What has the focus, by its name. */
  focus(): Promise<string> {
    return this.page.evaluate(
      'document.activeElement.labels?.[0]?.innerText || document.activeElement.innerText',
    )
  }

  /** The line that is open as long as the session lives. */
  live(): Promise<string> {
    return this.page.locator('#live').innerText()
  }

  /** The lines in "Your devices". */
  devices(): Promise<string[]> {
    return this.part('Your devices').locator('li').allInnerTexts()
  }

  part(heading: string): Locator {
    return this.page.locator('section', { has: this.page.locator('h2', { hasText: heading }) })
  }

  isLoggedOut(): Promise<boolean> {
    return this.button('Log in').isVisible()
  }

  /** What the browser keeps. */
  async cookies(): Promise<Cookie[]> {
    const cookies = await this.page.context().cookies()
    return cookies.sort((a, b) => (a.name < b.name ? -1 : 1))
  }
}
