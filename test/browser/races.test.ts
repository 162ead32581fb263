import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { type Browser, type BrowserContextOptions, chromium, type Page } from 'playwright-core'
import { afterAll, beforeAll, describe, expect, inject, it, onTestFinished } from 'vitest'
import { FLAGS } from './flags.js'
import { axe, overflows } from './looks.js'
import { Pages } from './pages.js'

/** Each scene, and its row of docs/races.md. */
const SCENES = {
  logout: { title: 'Log out while an upload runs', row: 'Logout, a slow request writes' },
  settings: {
    title: 'Two tabs save different settings',
    row: 'Two requests write different keys',
  },
  buy: { title: 'Two clicks on Buy', row: 'Two increments of one counter' },
  login: { title: 'Login in two windows', row: 'Two regenerates of one session' },
}
type Scene = keyof typeof SCENES
const NAMES: Scene[] = ['logout', 'settings', 'buy', 'login']

/** The column of docs/races.md for each package. */
const COLUMNS = {
  'koa-sess': 'koa-sess, RedisStore',
  'koa-session': 'koa-session, JSON on ioredis',
  'koa-generic-session': 'koa-generic-session, koa-redis',
  'express-session': 'express-session, connect-redis',
}

const labs = inject('labs')
let browser: Browser
const pages = new Pages(() => browser)

beforeAll(async () => {
  browser = await chromium.launch({ executablePath: inject('headlessPath'), args: FLAGS })
})
afterAll(() => browser?.close())

async function open(path: string, { on = 'memory', ...options }: Options = {}): Promise<Page> {
  const page = await pages.take({ ...options, ignoreHTTPSErrors: true })
  const problems: string[] = []
  page.on('console', (message) => problems.push(message.text()))
  page.on('pageerror', ({ message }) => problems.push(message))
  onTestFinished(async () => {
    await pages.release()
    expect(problems).toEqual([])
  })
  await page.goto(labs[on] + path)
  return page
}

type Options = BrowserContextOptions & { on?: keyof typeof labs }

/** What docs/races.md says of a package without `rolling`, by package. */
function claimed(scene: Scene): Record<string, string | undefined> {
  const text = readFileSync(join(import.meta.dirname, '../../docs/races.md'), 'utf8')
  const cells = (line = '') => line.split('|').map((cell) => cell.replace('<br>', ' ').trim())
  const lines = text.split('\n')
  const head = cells(lines.find((line) => line.startsWith('|  |')))
  const row = cells(lines.find((line) => line.startsWith(`| ${SCENES[scene].row} |`)))
  const named = Object.entries(COLUMNS).map(([name, column]) => {
    const cell = row[head.indexOf(column)]
    return [name, cell?.split(' / ')[0]]
  })
  return Object.fromEntries(named)
}

/** The verdicts of the cards, by package. */
async function shown(page: Page): Promise<unknown> {
  return page.evaluate(
    'Object.fromEntries([...document.querySelectorAll("article")].map((card) => [card.getAttribute("aria-labelledby"), card.querySelector(".verdict small").innerText]))',
  )
}

async function follow(page: Page, scene: Scene): Promise<void> {
  await page.locator('a', { hasText: SCENES[scene].title }).click()
  await page.locator('h2', { hasText: SCENES[scene].title }).waitFor()
}

describe.each(['memory', 'Redis'] as const)('the races, with sessions in %s', (on) => {
  it('end on every package as docs/races.md claims, also when they are played again', async () => {
    const page = await open('/', { on })
    const seen: Record<string, unknown> = {}
    for (const scene of NAMES) {
      await follow(page, scene)
      seen[scene] = await shown(page)
    }
    expect(seen).toEqual(Object.fromEntries(NAMES.map((scene) => [scene, claimed(scene)])))
    expect(await page.locator('.measured').innerText()).toContain(`sessions in ${on}`)

    const [answer] = await Promise.all([
      page.waitForResponse('**/play'),
      page.getByRole('button', { name: 'Measure again' }).click(),
    ])
    expect(answer.status()).toBe(303)
    await page.waitForURL('**/races/login')
    expect(await shown(page)).toEqual(seen.login)
  })
})

describe('the page of the races', () => {
  it('says first what koa-sess does, and shows it step by step', async () => {
    const page = await open('/')
    const sentence = await page.getByRole('heading', { level: 1 }).innerText()
    expect(sentence.match(/[.:]/g)).toEqual(['.'])
    expect(sentence).toMatch(/^With koa-sess, a slow request cannot undo a logout/)
    expect(await page.locator('.lead').innerText()).toMatch(
      /^With koa-session, koa-generic-session and express-session it can/,
    )
  })

  it('shows the logout that koa-sess keeps and express-session undoes, step by step', async () => {
    const page = await open('/')
    const steps = async (name: string) => {
      const rows = page.getByRole('table', { name: `${name}, step by step` }).getByRole('row')
      return (await rows.allInnerTexts()).map((text) => text.trim().split(/\s+/).join(' '))
    }
    const requests = ['Tab 1 Log in Upload', 'Tab 2 Log out']
    expect((await steps('koa-sess')).slice(1)).toEqual([
      ...requests,
      'Cookie A A none none',
      'Store A user ada A user ada none none',
    ])
    expect((await steps('express-session')).slice(1)).toEqual([
      ...requests,
      'Cookie A A A A',
      'Store A user ada A user ada none A user ada, photo cat',
    ])
    const card = (name: string) => page.locator(`[aria-labelledby=${name}]`).innerText()
    expect(await card('koa-sess')).toContain('no session')
    expect(await card('express-session')).toContain('a session: user ada, photo cat')
  })

  it('leads from scene to scene by its table', async () => {
    const page = await open('/')
    const table = page.getByRole('table', { name: 'What was seen' })
    await table.getByRole('link', { name: 'Two clicks on Buy' }).click()
    await page.getByRole('heading', { name: 'Two clicks on Buy' }).waitFor()
    const row = table.getByRole('row', { name: 'Two clicks on Buy' })
    expect(await row.getByRole('cell').allInnerTexts()).toEqual([
      '✓ Both tickets are in',
      ...Array(3).fill('✗ One ticket is lost'),
    ])
    expect(await row.getByRole('link').getAttribute('aria-current')).toBe('page')
  })

  it('works with the keyboard alone, and without JavaScript', async () => {
    const page = await open('/', { javaScriptEnabled: false })
    const link = page.getByRole('link', { name: 'Two tabs save different settings' })
    await link.focus()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Two tabs save different settings' }).waitFor()
    await page.getByRole('button', { name: 'Measure again' }).focus()
    await page.keyboard.press('Enter')
    await page.getByRole('heading', { name: 'Two tabs save different settings' }).waitFor()
  })

  it('fits every width, whatever the scene', async () => {
    const page = await open('/')
    for (const scene of NAMES) {
      await follow(page, scene)
      await page.getByText('How this is measured').click()
      expect(await overflows(page)).toEqual([])
    }
  })

  it.each([
    { colorScheme: 'light' as const, width: 1280, path: '/' },
    { colorScheme: 'dark' as const, width: 320, path: '/races/login' },
  ])('is accessible by axe, $colorScheme, $width pixels wide', async ({
    colorScheme,
    width,
    path,
  }) => {
    const viewport = { width, height: 800 }
    const page = await open(path, { colorScheme, viewport, reducedMotion: 'reduce' })
    await page.getByText('How this is measured').click()
    expect(await axe(page)).toEqual([])
    expect(await page.evaluate('document.getAnimations().length')).toBe(0)
  })
})
