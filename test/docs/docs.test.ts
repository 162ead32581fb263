import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { afterAll, describe, expect, inject, test, vi } from 'vitest'
import { SPELLINGS } from '../../src/cookie/attributes.js'
import { EVENTS } from '../../src/util/events.js'
import { databaseUrl } from '../services/databases.js'
import { visitProgram } from '../support/program.js'
import { temporaryFolder } from '../support/temporary.js'
import { type Block, blocks, pages } from './pages.js'

const root = join(import.meta.dirname, '../..')
const generated = join(import.meta.dirname, 'generated')
const files: string[] = []
mkdirSync(generated, { recursive: true })
afterAll(() => {
  for (const file of files) rmSync(file, { force: true })
})

function write({ name, code }: Block, extension: string): string {
  const file = join(generated, `${name}.${extension}`)
  writeFileSync(file, code)
  files.push(file)
  return file
}

const path = temporaryFolder()

/** What a program reads from its environment; a database only starts for one that asks for it. */
async function provide({ code }: Block): Promise<void> {
  vi.stubEnv('REDIS_URL', inject('redisUrl'))
  vi.stubEnv('NEW_REDIS_URL', new URL('/1', inject('redisUrl')).href)
  vi.stubEnv('SQLITE_FILE', path('sessions.db'))
  if (code.includes('POSTGRES_URL')) vi.stubEnv('POSTGRES_URL', await databaseUrl('postgres'))
  if (code.includes('MYSQL_URL')) vi.stubEnv('MYSQL_URL', await databaseUrl('mysql'))
}
afterAll(() => {
  vi.unstubAllEnvs()
})

describe('programs in the docs run', () => {
  test.each(blocks.filter(({ language }) => language === 'js'))('$name', async (block) => {
    await provide(block)
    await visitProgram(write(block, 'mjs'), async (browser) => {
      for (const path of ['/login', '/', '/', '/logout', '/'])
        expect((await browser.get(path)).status).toBe(200)
    })
    process.removeAllListeners('SIGTERM')
  })
})

test('every code that an error can carry has its section', () => {
  const union = readFileSync(join(root, 'src/util/errors.ts'), 'utf8')
  const codes = [...new Set(union.match(/ERR_SESSION_\w+/g))].sort()
  const sections = readFileSync(join(root, 'docs/errors.md'), 'utf8').match(/(?<=^### )\w+$/gm)
  expect(sections?.sort()).toEqual(codes)
})

test('every option has its row in docs/options.md', () => {
  const source = readFileSync(join(root, 'src/options/session-options.ts'), 'utf8')
  const declared = source.slice(source.indexOf('export interface SessionOptions'))
  const options = [...declared.matchAll(/^ {2}(\w+)\?:/gm)].map(([, name = '']) => name)
  expect(options.filter((name) => !hasRow('docs/options.md', name))).toEqual([])
})

test('every cookie attribute has its row in docs/options.md', () => {
  expect(SPELLINGS.filter((name) => !hasRow('docs/options.md', name))).toEqual([])
})

test('every warning has its row in docs/errors.md', () => {
  const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
    .filter((path) => path.endsWith('.ts'))
    .map((path) => readFileSync(join(root, 'src', path), 'utf8'))
  const codes = [...new Set(sources.join().match(/KOA_SESS_\w+/g))]
  expect(codes.length).toBeGreaterThan(0)
  expect(codes.filter((code) => !hasRow('docs/errors.md', code))).toEqual([])
})

test('docs/redis.md names the versions of the clients that the tests use', () => {
  const { devDependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'))
  const text = prose('docs/redis.md').replace(/\s+/g, ' ')
  for (const name of ['ioredis', 'iovalkey', 'redis', '@valkey/valkey-glide'])
    expect(text).toContain(`${name} ${devDependencies[name]}`)
})

test('every event and every reason has its row in docs/events.md', () => {
  const source = readFileSync(join(root, 'src/util/events.ts'), 'utf8')
  const reasons = source.slice(0, source.indexOf('export type Reason')).match(/(?<=^ {2}\| ')\w+/gm)
  const names = [...EVENTS, ...(reasons ?? [])]
  expect(names.length).toBeGreaterThan(EVENTS.length)
  expect(names.filter((name) => !hasRow('docs/events.md', name))).toEqual([])
})

/** Whether a table of the page has a row for a name: `name`, `name(…)`, or `one` or `other`. */
function hasRow(page: string, name: string): boolean {
  const rows = readFileSync(join(root, page), 'utf8').matchAll(/^\| (`.*?) \|/gm)
  const names = [...rows].flatMap(([, cell = '']) => cell.match(/(?<=`)[\w:]+(?=[`(])/g) ?? [])
  return names.includes(name)
}

test('links between the pages lead somewhere', () => {
  for (const page of pages) {
    const text = readFileSync(join(root, page), 'utf8')
    const links = [...text.matchAll(/\]\((?!\w+:)([^)#]+)/g)].map(([, target = '']) => target)
    const broken = links.filter((target) => !existsSync(join(root, page, '..', target)))
    expect(broken, page).toEqual([])
  }
})

test('links to a section lead to a heading', () => {
  for (const page of pages) {
    const links = [...prose(page).matchAll(/\]\((?!\w+:)([^)#]*)#([^)]+)\)/g)]
    const broken = links
      .filter(([, target = '', anchor = '']) => {
        const other = target === '' ? page : join(page, '..', target)
        return other.endsWith('.md') && !anchorsOf(other).includes(anchor)
      })
      .map(([link]) => link)
    expect(broken, page).toEqual([])
  }
})

function prose(page: string): string {
  return readFileSync(join(root, page), 'utf8').replace(/^```.*?^```/gms, '')
}

/** The anchors of a page, as GitHub makes them from headings. */
function anchorsOf(page: string): string[] {
  return [...prose(page).matchAll(/^#+ (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}_ -]/gu, '')
      .replaceAll(' ', '-'),
  )
}

test('the tree in CONTRIBUTING names every file and folder of src, and no other', () => {
  const text = readFileSync(join(root, 'CONTRIBUTING.md'), 'utf8')
  const tree = text.slice(text.indexOf('src/\n'), text.indexOf('| where is'))
  const named = [...tree.matchAll(/^ {2}(\S+)/gm)]
    .map(([, name = '']) => name.replace('/', ''))
    .sort()
  const there = readdirSync(join(root, 'src')).sort()
  expect(named).toEqual(there)
})
