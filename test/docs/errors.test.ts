import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { expect, test } from 'vitest'
import { section } from './guide.js'

// docs/errors.md shows the message of each error, so that a search for the text of a log finds its section.

const root = join(import.meta.dirname, '../..')
const sources = readdirSync(join(root, 'src'), { recursive: true, encoding: 'utf8' })
  .filter((path) => path.endsWith('.ts'))
  .map((path) => parse(path, readFileSync(join(root, 'src', path), 'utf8')))

function parse(path: string, text: string): ts.SourceFile {
  return ts.createSourceFile(path, text, ts.ScriptTarget.Latest, true)
}

/** A literal as the page shows it: `…` is what varies. undefined: the node is no text. */
function textOf(node: ts.Node): string | undefined {
  if (ts.isStringLiteralLike(node)) return node.text
  if (!ts.isTemplateExpression(node)) return undefined
  return [node.head, ...node.templateSpans.map(({ literal }) => literal)]
    .map(({ text }) => text)
    .join('…')
}

function visit(node: ts.Node, act: (node: ts.Node) => void): void {
  act(node)
  ts.forEachChild(node, (child) => visit(child, act))
}

interface Message {
  code: string
  text: string
}

/** The messages of `new SessionError(code, message)` and `unavailable(message)` that are written in place. */
function messagesIn(source: ts.SourceFile): Message[] {
  const found: Message[] = []
  visit(source, (node) => {
    const isCall = ts.isCallExpression(node) || ts.isNewExpression(node)
    if (!isCall || !ts.isIdentifier(node.expression)) return
    const [first, second] = node.arguments ?? []
    const { text: name } = node.expression
    const isOwn = name === 'SessionError' && first !== undefined && ts.isStringLiteral(first)
    if (isOwn) add(first.text, second)
    else if (name === 'unavailable') add('ERR_SESSION_UNAVAILABLE', first)
  })
  return found

  function add(code: string, message: ts.Expression | undefined): void {
    if (!message) return
    const branches = ts.isConditionalExpression(message)
      ? [message.whenTrue, message.whenFalse]
      : [message]
    for (const text of branches.map(textOf)) if (text !== undefined) found.push({ code, text })
  }
}

/** The lines of the messages below the heading of a code. */
function shownOf(code: string): string[] {
  const [, lines = ''] =
    /^```text\n(.*?)^```$/ms.exec(section('docs/errors.md', `### ${code}`)) ?? []
  return lines.split('\n').filter((line) => line !== '')
}

const page = section('docs/errors.md', '## In a request')
const codes = page.match(/(?<=^### )ERR_SESSION_\w+/gm) ?? []

test('the messages are found', () => {
  const text = `new SessionError('ERR_SESSION_ID', \`of \${size} bytes\`)
    unavailable(is ? 'one' : 'two', cause)`
  expect(messagesIn(parse('a.ts', text))).toEqual([
    { code: 'ERR_SESSION_ID', text: 'of … bytes' },
    { code: 'ERR_SESSION_UNAVAILABLE', text: 'one' },
    { code: 'ERR_SESSION_UNAVAILABLE', text: 'two' },
  ])
})

test.each(codes)('%s: its section shows the messages that a request can fail with', (code) => {
  const shown = shownOf(code)
  expect(shown.length).toBeGreaterThan(0)
  const messages = sources.flatMap(messagesIn).filter((message) => message.code === code)
  expect(messages.map(({ text }) => text).filter((text) => !shown.includes(text))).toEqual([])
})

test('every message on the page is in the source', () => {
  const texts = new Set<string>()
  for (const source of sources)
    visit(source, (node) => {
      const text = textOf(node)
      if (text !== undefined) texts.add(text)
    })
  expect(codes.flatMap(shownOf).filter((text) => !texts.has(text))).toEqual([])
})
