import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { deadLinks, withoutDeadLinks } from '../../scripts/pages.mjs'

const root = join(import.meta.dirname, '../..')

it('llms.txt names each page once, and no other', () => {
  const text = readFileSync(join(root, 'llms.txt'), 'utf8')
  const named = [...text.matchAll(/\]\(([^)]+)\)/g)].map(([, path]) => path)
  const pages = readdirSync(join(root, 'docs')).filter((file) => file.endsWith('.md'))
  const expected = ['README.md', 'CHANGELOG.md', ...pages.map((file) => `docs/${file}`)]
  expect(named.sort()).toEqual(expected.sort())
})

describe('links of a page in the package', () => {
  const files = ['README.md', 'docs/errors.md', 'docs/redis.md']
  const packed = (text: string) => withoutDeadLinks('docs/errors.md', text, files)

  it.each([
    '[Redis](redis.md#sentinel)',
    '[README](../README.md)',
    '[above](#codes)',
    '[Koa](https://koajs.com)',
  ])('%s stays', (text) => expect(packed(text)).toBe(text))

  it.each([
    ['[why](decisions/0001-a.md).', 'why (`docs/decisions/0001-a.md` in the repository).'],
    [
      '| [a](../test/a.ts), [b](x.md) |',
      '| a (`test/a.ts` in the repository), b (`docs/x.md` in the repository) |',
    ],
    ['![A request is stored.](chart.svg)\n\nNext', 'A request is stored.\n\nNext'],
  ])('%s becomes text', (text, expected) => expect(packed(text)).toBe(expected))

  it('a caption without its picture is removed', () => {
    expect(packed('Before\n\n![four races](lab.png)\n\nAfter\n')).toBe('Before\n\nAfter\n')
  })

  it('a picture that is in the package stays', () => {
    const text = '![four races](lab.png)\n\nAfter\n'
    expect(withoutDeadLinks('docs/a.md', text, ['docs/lab.png'])).toBe(text)
  })

  it('code is left alone', () => {
    const text = '```md\n[why](decisions/0001-a.md)\n```\n'
    expect(packed(text)).toBe(text)
  })
})

it('a dead link is found, and a link to a place that is not there', () => {
  const pages: Record<string, string> = {
    'docs/a.md': '# A page\n\n## Two `words`, here\n\n<a id="own"></a>\n',
  }
  const text =
    '# Top\n[1](a.md) [2](a.md#two-words-here) [3](a.md#own) [4](#top) [5](a.md#x) [6](b.md) [7](#y)'
  expect(deadLinks('docs/c.md', text, (file: string) => pages[file])).toEqual([
    'docs/c.md: a.md#x',
    'docs/c.md: b.md',
    'docs/c.md: #y',
  ])
})
