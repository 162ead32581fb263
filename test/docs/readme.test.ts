import { execFileSync } from 'node:child_process'
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect, test } from 'vitest'
import { visitProgram } from '../support/program.js'

const root = join(import.meta.dirname, '../..')
const folder = join(import.meta.dirname, 'generated')
const read = (path: string) => readFileSync(join(root, path), 'utf8')
const readme = read('README.md')

const DAY = 86_400_000
const SECOND = 1000

test('the first program fits on the first screen', () => {
  const end = readme.indexOf('app.listen(3000)')
  expect(readme.slice(0, end).split('\n').length).toBeLessThan(30)
})

test('one block has the two commands of a clone, and .ci/run takes the second one from it', () => {
  const blocks = [...readme.matchAll(/^```sh\n(.*?)^```$/gms)].map(([, code]) => code)
  expect(blocks.filter((code) => code?.startsWith('npm ci'))).toEqual([
    'npm ci && npm start\nnpm ci && npm test\n',
  ])
  const program = /awk '(.*)' README\.md/.exec(read('.ci/run'))?.[1] ?? ''
  const command = execFileSync('awk', [program, 'README.md'], { cwd: root, encoding: 'utf8' })
  expect(command).toBe('npm ci && npm test\n')
})

test('the program logs in and out by POST, and remembers a user for thirty days', async () => {
  const section = readme.slice(readme.indexOf('## Log in'))
  const file = join(folder, 'readme-login.mjs')
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, /^```js\n(.*?)^```$/ms.exec(section)?.[1] ?? '')
  await visitProgram(file, async (browser) => {
    const button = async () => /<button>(.*)<\/button>/.exec((await browser.get('/')).text)?.[1]
    await browser.get('/login')
    expect(await button()).toBe('login')

    const begun = Date.now()
    const { status, cookies } = await browser.post('/login')
    expect(status).toBe(302)
    const expires = /expires=([^;]*)/i.exec(cookies[0] ?? '')?.[1] ?? ''
    expect(Date.parse(expires)).toBeGreaterThanOrEqual(begun + 30 * DAY - SECOND)
    expect(await button()).toBe('logout')

    await browser.get('/logout')
    expect(await button()).toBe('logout')
    await browser.post('/logout')
    expect(await button()).toBe('login')
  })
  rmSync(file)
})

/** The tables of a page, as rows of cells. */
function rows(page: string): string[][] {
  return [...page.matchAll(/^\|(.*)\|$/gm)].map(([, row = '']) =>
    row.split('|').map((cell) => cell.trim()),
  )
}

test('the race table has what docs/races.md measured on Redis', () => {
  const all = rows(read('docs/races.md'))
  const [names = []] = all
  const find = (wanted: string) => {
    const at = names.findIndex((name) => name.startsWith(`${wanted},`) && !/Memory/.test(name))
    expect(at).toBeGreaterThan(0)
    return at
  }
  const ours = rows(readme)
  const head = ours.findIndex((row) => row.includes('@fastify/session'))
  const packages = ours[head]?.slice(1) ?? []
  expect(packages.length).toBe(5)
  // README also says how koa-sess holds a counter: a plain `views + 1` is lost here too.
  const withoutHow = (cell: string) => cell.replace(/, with \[.*\)$/, '')
  const table = ours.slice(head + 2, head + 7).map((row) => row.map(withoutHow))
  const measured = table.map(([race = '']) => {
    const row = all.find(([name]) => name === race)
    return [race, ...packages.map((name) => row?.[find(name)])]
  })
  expect(table).toEqual(measured)
})

const LABELS = {
  read: 'read',
  rolling: 'rolling read',
  modify: 'change',
  new: 'new session',
}

test('the chart has the requests per second of docs/performance.md', () => {
  const all = rows(read('docs/performance.md'))
  const bars = Object.entries(LABELS).flatMap(([cell, label]) =>
    all
      .filter(([name, connections, contender]) => {
        return name === cell && connections === '64' && contender?.startsWith('koa-')
      })
      .map(([, , contender = '', perSecond = ''], at) => ({
        label: at === 0 ? label : '',
        contender,
        median: perSecond.split(' – ')[1] ?? '',
      })),
  )
  const figure = (median: string) => Number(median.replaceAll(',', ''))
  const most = Math.max(...bars.map(({ median }) => figure(median)))
  const lines = bars.map(({ label, contender, median }) => {
    const bar = '█'.repeat(Math.round((figure(median) / most) * 30))
    return `${label.padEnd(15)}${contender.padEnd(21)}${bar} ${median}\n`
  })
  expect(/^```text\n(.*?)^```$/ms.exec(readme)?.[1]).toBe(lines.join(''))
})
