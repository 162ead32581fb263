import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { GROUPS } from '../../docs/.vitepress/pages.js'
import { withTables } from '../../scripts/compare/tables.js'
import { EVENTS } from '../../src/util/events.js'

const root = join(import.meta.dirname, '../..')
const page = (name: string) => readFileSync(join(root, 'docs', name), 'utf8')

it('every page is in the sidebar once', () => {
  const listed = Object.values(GROUPS).flat()
  const pages = readdirSync(join(root, 'docs')).filter((name) => name.endsWith('.md'))
  const expected = ['README.md', 'CHANGELOG.md', ...pages.map((name) => `docs/${name}`)]
  expect([...listed].sort()).toEqual(expected.sort())
})

it('the tables of Compare are those that were measured: npm run docs:compare', () => {
  const compare = page('compare.md')
  const measured = { performance: page('performance.md'), races: page('races.md') }
  expect(compare).toBe(withTables(compare, measured))
  const rows = compare.match(/(?<=<!-- (?:races|in-process|http) -->\n\n)(?:\|.*\|\n)+/g) ?? []
  expect(rows.map((table) => table.split('\n').length > 3)).toEqual([true, true, true])
  expect(rows.join()).not.toMatch(/\| +\| +\|/)
})

describe('Troubleshooting names', () => {
  const text = page('troubleshooting.md')

  it('every code of an error', () => {
    const codes = page('errors.md').match(/(?<=^### )ERR_\w+/gm) ?? []
    expect(codes.length).toBeGreaterThan(0)
    expect(
      codes.filter((code) => !text.includes(`| [\`${code}\`](errors.md#${code.toLowerCase()})`)),
    ).toEqual([])
  })

  it('every reason for which a cookie is refused', () => {
    const source = readFileSync(join(root, 'src/util/events.ts'), 'utf8')
    const union = /export type Rejection =(.*?)\n\n/s.exec(source)?.[1] ?? ''
    const reasons = union.match(/(?<=\| ')\w+/g) ?? []
    expect(reasons.length).toBeGreaterThan(0)
    expect(reasons.filter((reason) => !text.includes(`| \`${reason}\` |`))).toEqual([])
  })

  it('only events that exist', () => {
    const named = [...text.matchAll(/event `([\w:]+)`/g)].map(([, name]) => name ?? '')
    expect(named.filter((name) => !(EVENTS as readonly string[]).includes(name))).toEqual([])
  })
})
