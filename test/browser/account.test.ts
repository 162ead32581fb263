import { type Browser, type BrowserContextOptions, chromium } from 'playwright-core'
import {
  afterAll,
  afterEach,
  beforeAll,
  describe,
  expect,
  inject,
  it,
  onTestFinished,
} from 'vitest'
import { Example } from './example.js'
import { FLAGS } from './flags.js'
import { axe, overflows } from './looks.js'
import { Pages } from './pages.js'
import { Visitor } from './visitor.js'

const SEAL_KEYS = 'a secret of thirty-two bytes or more'

let browser: Browser
const visitors: Visitor[] = []
const pages = new Pages(() => browser)

Example.modules = inject('modules')
const lab = inject('labs').memory
const { port } = new URL(lab)

beforeAll(async () => {
  browser = await chromium.launch({ executablePath: inject('headlessPath'), args: FLAGS })
})

afterAll(() => browser?.close())

afterEach(async () => {
  const left = visitors.splice(0)
  await pages.release()
  for (const { problems } of left) expect(problems).toEqual([])
})

async function visit(options?: BrowserContextOptions, origin = lab): Promise<Visitor> {
  const visitor = await Visitor.open(await pages.take(options), origin)
  visitors.push(visitor)
  return visitor
}

async function start(env?: Record<string, string>): Promise<Example> {
  const example = await Example.start(env)
  onTestFinished(async () => {
    await example.stop()
  })
  return example
}

/** Logs in without a page, where another browser is needed and not looked at. */
async function logInElsewhere(name: string): Promise<void> {
  const body = new URLSearchParams({ name })
  const headers = { 'User-Agent': 'Mozilla/5.0 (X11; Linux x86_64) Chrome/156.0.0.0' }
  const answer = await fetch(`${lab}/account/login`, { method: 'POST', body, headers })
  expect(answer.status).toBe(200)
}

/** A page gives its autofocus only when it is first painted. */
function hasFocus(visitor: Visitor, name: string): Promise<void> {
  return expect.poll(() => visitor.focus()).toBe(name)
}

describe('the login of the lab', () => {
  it('gives no session and no cookie before the login', async () => {
    const visitor = await visit()
    expect(await visitor.part('Your session').innerText()).toContain('None')
    expect(await visitor.part('This response').innerText()).toContain('no cookie')
    expect(await visitor.page.locator('footer').innerText()).toContain('kept in memory')
    expect(await visitor.cookies()).toEqual([])
  })

  it.each([
    { script: 'on', javaScriptEnabled: true },
    { script: 'off', javaScriptEnabled: false },
  ])('logs in, counts, takes a new id and logs out, JavaScript $script', async ({
    javaScriptEnabled,
  }) => {
    const visitor = await visit({ javaScriptEnabled })
    const set = (id: string) => [
      expect.stringMatching(new RegExp(`^Set-Cookie: __Host-sid=${id}; path=/;.* httponly$`)),
      expect.stringMatching(/^Set-Cookie: __Host-sid\.sig=[\w-]{4}…; path=\/;.* httponly$/),
    ]

    await visitor.logIn('Ada')
    const first = await visitor.id()
    expect(first).toMatch(/^[\w-]{4}…$/)
    expect(await visitor.note()).toContain('Hello, Ada')
    expect(await visitor.session()).toEqual({ name: 'Ada', count: 0, since: expect.any(String) })
    expect(await visitor.setCookie()).toEqual(set(first))

    await visitor.click('Count')
    await visitor.click('Count')
    expect(await visitor.count()).toBe(2)
    expect(await visitor.id()).toBe(first)

    await visitor.click('New session id')
    const second = await visitor.id()
    expect(second).not.toBe(first)
    expect(await visitor.session()).toMatchObject({ name: 'Ada', count: 2 })
    expect(await visitor.setCookie()).toEqual(set(second))

    await visitor.click('Log out')
    expect(await visitor.isLoggedOut()).toBe(true)
    expect(await visitor.setCookie()).toEqual([
      expect.stringMatching(/^Set-Cookie: __Host-sid=; .*expires=Thu, 01 Jan 1970/),
      expect.stringMatching(/^Set-Cookie: __Host-sid\.sig=; .*expires=Thu, 01 Jan 1970/),
    ])
    expect(await visitor.cookies()).toEqual([])
  })

  it('shows the start of the id that the browser keeps, and no more of it', async () => {
    const visitor = await visit()
    await visitor.logIn('Ada')
    const cookies = await visitor.cookies()
    expect(cookies.map(({ name }) => name)).toEqual(['__Host-sid', '__Host-sid.sig'])
    for (const { value, httpOnly, sameSite } of cookies) {
      expect({ httpOnly, sameSite }).toEqual({ httpOnly: true, sameSite: 'Lax' })
      expect(await visitor.page.content()).not.toContain(value.slice(0, 6))
    }
    expect(await visitor.id()).toBe(`${cookies[0]?.value.slice(0, 4)}…`)
  })

  it('sends no cookie with a page that changes nothing', async () => {
    const visitor = await visit()
    await visitor.logIn('Ada')
    await visitor.click('Count')
    await visitor.page.reload()
    expect(await visitor.count()).toBe(1)
    expect(await visitor.setCookie()).toEqual([])
  })

  it('keeps people apart', async () => {
    const ada = await visit()
    const grace = await visit()
    await ada.logIn('Ada')
    await grace.logIn('Grace')
    await ada.click('Count')
    await grace.page.reload()
    expect(await grace.session()).toMatchObject({ name: 'Grace', count: 0 })
    await ada.click('Log out')
    await grace.click('Count')
    expect(await grace.count()).toBe(1)
  })

  it('counts every click of two tabs, and ends them together', async () => {
    const one = await visit()
    await one.logIn('Ada')
    const other = await one.tab()
    await one.click('Count')
    await other.click('Count')
    expect(await other.count()).toBe(2)
    await one.click('Log out')
    await other.click('Count')
    expect(await other.note()).toContain('has ended')
    expect(await other.isLoggedOut()).toBe(true)
  })

  it('logs in under a new id, so that a planted cookie is worth nothing', async () => {
    const mallory = await visit()
    const ada = await visit()
    await mallory.logIn('Mallory')
    await ada.page.context().addCookies(await mallory.cookies())
    await ada.logIn('Ada')
    await mallory.page.reload()
    expect(await mallory.isLoggedOut()).toBe(true)
    expect(await ada.session()).toMatchObject({ name: 'Ada' })
  })

  it('lists the browsers of a user, and each of them can end the others', async () => {
    const one = await visit()
    const other = await visit()
    const third = await visit()
    for (const visitor of [one, other, third]) await visitor.logIn('Katherine')
    await one.page.reload()
    const line = expect.stringMatching(/^Chrome on .+ since [\d:]+\s+End/)
    const current = expect.stringMatching(/^Chrome on .+ since [\d:]+\s+This browser$/)
    expect(await one.devices()).toEqual([line, line, current])
    await expect.poll(() => third.live()).toContain('Live')

    await one.send(() =>
      one.page
        .getByRole('button', { name: /^End .+ since/ })
        .first()
        .click(),
    )
    expect(await one.note()).toBe('That browser is logged out.')
    expect(await one.devices()).toEqual([line, current])
    // Nothing was loaded there since.
    await expect.poll(() => third.live()).toContain('was ended elsewhere')
    await third.page.reload()
    expect(await third.isLoggedOut()).toBe(true)

    await other.click('End all others')
    expect(await other.note()).toBe('1 other browser is logged out.')
    expect(await other.devices()).toEqual([current])
    await one.click('Count')
    expect(await one.note()).toContain('has ended')
    expect(await one.isLoggedOut()).toBe(true)
  })

  it('answers 503 while its store is stopped, and logs no user out', async () => {
    const visitor = await visit()
    await visitor.logIn('Ada')
    await visitor.click('Count')
    const cookies = await visitor.cookies()
    await visitor.click('Stop the store')
    expect(await visitor.page.locator('h1').innerText()).toContain('503')
    expect(await visitor.page.locator('main').innerText()).toContain('sent no cookie')
    const newcomer = await visit()
    expect(await newcomer.isLoggedOut()).toBe(true)
    await hasFocus(visitor, 'Start the store')
    await visitor.press('Enter')
    expect(await visitor.note()).toBe('The store works again, and you are still logged in.')
    expect(await visitor.count()).toBe(1)
    expect(await visitor.cookies()).toEqual(cookies)
    expect(visitor.problems.splice(0)).toEqual([expect.stringContaining('503')])
  })
})

describe('the page of the login', () => {
  it('is usable with the keyboard alone', async () => {
    const visitor = await visit()
    const { keyboard } = visitor.page
    const outline = () =>
      visitor.page.evaluate('getComputedStyle(document.activeElement).outlineStyle')

    await hasFocus(visitor, 'Your name')
    await keyboard.type('Ada')
    await visitor.press('Enter')
    await hasFocus(visitor, 'Count')
    expect(await outline()).toBe('solid')
    await visitor.press('Enter')
    await hasFocus(visitor, 'Count')
    await visitor.press('Space')
    expect(await visitor.count()).toBe(2)

    const before = await visitor.id()
    await keyboard.press('Tab')
    await hasFocus(visitor, 'New session id')
    expect(await outline()).toBe('solid')
    await visitor.press('Enter')
    expect(await visitor.id()).not.toBe(before)
    await hasFocus(visitor, 'New session id')

    await keyboard.press('Tab')
    await hasFocus(visitor, 'Log out')
    await visitor.press('Enter')
    await hasFocus(visitor, 'Your name')
    expect(await visitor.isLoggedOut()).toBe(true)
  })

  it.each([
    'light',
    'dark',
  ] as const)('is accessible by axe, and fits every width, %s', async (colorScheme) => {
    const visitor = await visit({ colorScheme })
    const looks = async () => {
      expect(await axe(visitor.page)).toEqual([])
      expect(await overflows(visitor.page)).toEqual([])
    }
    await looks()
    await visitor.logIn('W'.repeat(40))
    await logInElsewhere('W'.repeat(40))
    await visitor.page.reload()
    await looks()
    await visitor.page.goto(`${lab}/nothing`)
    await looks()
    await visitor.page.goto(`${lab}/account`)
    await visitor.click('Stop the store')
    await looks()
    await visitor.click('Start the store')
    expect(visitor.problems.splice(0)).toEqual([
      expect.stringContaining('404'),
      expect.stringContaining('503'),
    ])
  })

  it('shows a name as text, whatever it is', async () => {
    const visitor = await visit()
    const name = '<img src=x onerror=alert(1)>&amp;"\''
    await visitor.logIn(name)
    expect(await visitor.page.locator('h2').first().innerText()).toContain(`Hello, ${name}`)
    expect(await visitor.session()).toMatchObject({ name })
  })

  it('says what is wrong with a name', async () => {
    const visitor = await visit()
    await visitor.logIn('   ')
    expect(await visitor.page.locator('[role=alert]').innerText()).toContain('1 to 40 characters')
    await hasFocus(visitor, 'Your name')
    expect(await visitor.cookies()).toEqual([])
    expect(visitor.problems.splice(0)).toEqual([expect.stringContaining('422')])
  })

  it('takes no form from another site', async () => {
    const visitor = await visit()
    await visitor.page.goto('about:blank')
    await visitor.page.setContent(
      `<form method="post" action="${lab}/account/login">
        <input name="name" value="Mallory"><button>Win</button>
      </form>`,
    )
    await visitor.click('Win')
    expect(await visitor.page.locator('h1').innerText()).toContain('403')
    expect(await visitor.cookies()).toEqual([])
    expect(visitor.problems.splice(0)).toEqual([expect.stringContaining('403')])
  })

  it('leads back from an address that does not exist', async () => {
    const visitor = await visit()
    await visitor.page.goto(`${lab}/nothing`)
    expect(visitor.problems.splice(0)).toEqual([expect.stringContaining('404')])
    await visitor.send(() => visitor.page.getByRole('link', { name: 'Back to the login' }).click())
    expect(await visitor.isLoggedOut()).toBe(true)
  })
})

describe('the process of the lab', () => {
  it('says in one sentence that its port is in use', async () => {
    const second = new Example({ PORT: port })
    expect(await second.ended()).toBe(1)
    expect(second.output).toBe(`Port ${port} is in use: choose another one with PORT.\n`)
  })

  it('says in one sentence that its port is none', async () => {
    const wrong = new Example({ PORT: 'http' })
    expect(await wrong.ended()).toBe(1)
    expect(wrong.output).toBe('PORT is http, and must be a number from 0 to 65535.\n')
  })

  it('says that Redis does not answer', async () => {
    const without = new Example({ REDIS_URL: 'redis://127.0.0.1:1' })
    expect(await without.ended()).toBe(1)
    expect(without.output).toContain('Redis does not answer: correct REDIS_URL')
  })

  it('ends in peace, and keeps its sessions in Redis, with keys of its own', async () => {
    const env = {
      REDIS_URL: inject('redisUrl'),
      SESSION_KEYS: 'a good secret of mine, an older secret of mine',
      SEAL_KEYS,
    }
    const before = await start(env)
    const visitor = await visit({}, before.origin)
    expect(await visitor.page.locator('footer').innerText()).toContain('kept in Redis')
    await visitor.logIn('Ada')
    await visitor.click('Count')
    expect(await before.stop('SIGINT')).toBe(0)
    expect(before.output).toMatch(
      /^Playing the scenes …\nPlayed them on 4 packages in \d+ ms\.\nListening on \S+\n$/,
    )
    const after = await start({ ...env, PORT: before.port })
    // A browser repeats a GET whose connection ended, and no POST.
    await visitor.page.goto(`${before.origin}/account`)
    // Its live line was cut, and could not be opened again.
    for (const problem of visitor.problems.splice(0)) expect(problem).toContain('net::ERR_')
    await visitor.click('Count')
    expect(await visitor.count()).toBe(2)
    expect(await visitor.devices()).toHaveLength(1)
    await visitor.click('Log out')
    expect(await after.stop('SIGTERM')).toBe(0)
  })
})
