import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { expect, it } from 'vitest'

// Words that hide the subject of a sentence, or that mean something else in other texts.
const WORDS = [
  ...['whoever', 'whomever', 'somebody', 'someone', 'nobody', 'no one'],
  ...['told', 'tells of', 'hear of', 'hears of', 'heard of', 'in passing', 'will do', 'as ever'],
  ...['barred', 'stands there', 'who comes'],
]

const CODE = ['src', 'test', 'bench', 'examples', 'scripts']
const PAGES = ['README.md', 'CONTRIBUTING.md', 'SECURITY.md', 'docs', 'examples']

// Pages that are not yet in plain English. Remove a page from this list once it is.
const LEFT_OUT = ['docs/performance.md']

/** It reads every file of the repository, in ms. */
const READS_ALL = 60_000

const ROOT = join(import.meta.dirname, '../..')
const PATTERN = new RegExp(
  `\\b(?:${WORDS.map((word) => word.replaceAll(' ', '[\\s*/]+')).join('|')})\\b`,
  'gi',
)

it(
  'comments, test titles and pages use plain words',
  () => {
    const code = CODE.flatMap((folder) => filesIn(folder, /\.[cm]?[jt]s$/))
    const pages = PAGES.flatMap((path) => (path.endsWith('.md') ? [path] : filesIn(path, /\.md$/)))
    const found = [
      ...code.flatMap((file) => inCode(file, read(file))),
      ...pages
        .filter((page) => !LEFT_OUT.includes(page))
        .flatMap((page) => inPage(page, read(page))),
    ]
    expect(found).toEqual([])
  },
  READS_ALL,
)

it('every page that is left out exists', () => {
  expect(LEFT_OUT.filter((page) => !filesIn('docs', /\.md$/).includes(page))).toEqual([])
})

it('finds words in comments and titles, and not in other code', () => {
  const code = [
    '#!/usr/bin/env node',
    'const told = /nobody/ // told',
    "const text = 'nobody' + (1 /* Nobody */)",
    '/** Sent to no',
    ' * one, or to `nobody`. */',
    "test.each([1])('somebody %s', () => told)",
    "describe('a title', () => it(`will do`, () => text))",
    '// as ever',
  ]
  expect(inCode('a.ts', code.join('\n'))).toEqual([
    'a.ts:2: told',
    'a.ts:3: Nobody',
    'a.ts:4: no one',
    'a.ts:6: somebody',
    'a.ts:7: will do',
    'a.ts:8: as ever',
  ])
})

it('finds words in a page, and not in its code', () => {
  const page = ['Told first.', '```js', 'told()', '```', 'Call `told`.', 'It hears', 'of it.']
  expect(inPage('a.md', page.join('\n'))).toEqual(['a.md:1: Told', 'a.md:6: hears of'])
})

function read(file: string): string {
  return readFileSync(join(ROOT, file), 'utf8')
}

/** Tests that run at the same time write and delete folders named `generated`. */
function filesIn(folder: string, extension: RegExp): string[] {
  return readdirSync(join(ROOT, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`
    if (/^(generated|node_modules)/.test(entry.name)) return []
    if (entry.isDirectory()) return filesIn(path, extension)
    return extension.test(entry.name) ? [path] : []
  })
}

function inPage(file: string, text: string): string[] {
  // Code is blanked, so that the line numbers stay.
  const prose = text.replace(/^```.*?^```/gms, (code) => code.replace(/[^\n]/g, ' '))
  return report(file, text, [[0, prose]])
}

function inCode(file: string, text: string): string[] {
  // To find comments takes long, and most files have none of the words anywhere.
  if (text.search(PATTERN) < 0) return []
  const source = ts.createSourceFile(file, text, ts.ScriptTarget.Latest)
  const parts: [start: number, text: string][] = []
  const visit = (node: ts.Node): void => {
    const title = titleOf(node, source)
    if (title) parts.push([title.getStart(source) + 1, title.getText(source).slice(1, -1)])
    const children = node.getChildren(source).filter((child) => !ts.isJSDoc(child))
    for (const child of children) visit(child)
    // Only white space and comments are between two tokens.
    if (children.length === 0) parts.push([node.pos, text.slice(node.pos, node.getStart(source))])
  }
  visit(source)
  return report(file, text, parts)
}

/** The title in `it(title, …)`, `test.each(…)(title, …)` and the like. */
function titleOf(node: ts.Node, source: ts.SourceFile): ts.Node | undefined {
  if (!ts.isCallExpression(node)) return undefined
  const [title] = node.arguments
  const isTest = /^(it|test|describe)\b/.test(node.expression.getText(source))
  return title && isTest && (ts.isStringLiteralLike(title) || ts.isTemplateExpression(title))
    ? title
    : undefined
}

function report(file: string, text: string, parts: [start: number, text: string][]): string[] {
  const inOrder = parts.toSorted(([one], [other]) => one - other)
  return inOrder.flatMap(([start, part]) => {
    const prose = part.replace(/`[^`\n]+`/g, (code) => ' '.repeat(code.length))
    return [...prose.matchAll(PATTERN)].map(({ 0: word, index }) => {
      const line = text.slice(0, start + index).split('\n').length
      return `${file}:${line}: ${word.replace(/[\s*/]+/g, ' ')}`
    })
  })
}
