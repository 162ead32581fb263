import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import ts from 'typescript'
import { describe, expect, test } from 'vitest'
import { PACKAGES } from '../../../src/codemod/packages.js'
import { transform } from '../../../src/codemod/transform.js'

// `name.input` is rewritten to `name.expected`; the notes are in `name.notes`. With WRITE_FIXTURES=1 the
// last two are written: read the difference.

const BROKEN = 'a syntax error'
const today = Date.UTC(2026, 10, 26)

describe.each(PACKAGES)('%s', (name) => {
  const folder = join(import.meta.dirname, name)
  const fixtures = readdirSync(folder)
    .filter((file) => file.endsWith('.input'))
    .map((file) => file.slice(0, -'.input'.length))
  const read = (file: string) => (existsSync(join(folder, file)) ? text(join(folder, file)) : '')

  test.each(fixtures)('%s', (fixture) => {
    const { text, notes } = transform(
      { parser: ts, name, today },
      fixture,
      read(`${fixture}.input`),
    )
    const lines = notes.map(({ line, message }) => `${line}: ${message}\n`).join('')
    if (process.env.WRITE_FIXTURES) {
      writeFileSync(join(folder, `${fixture}.expected`), text)
      if (lines) writeFileSync(join(folder, `${fixture}.notes`), lines)
    }
    expect(text).toBe(read(`${fixture}.expected`))
    expect(lines).toBe(read(`${fixture}.notes`))
  })

  test.each(fixtures)('%s: a second run can read it, and changes nothing', (fixture) => {
    const expected = read(`${fixture}.expected`)
    const again = transform({ parser: ts, name, today }, fixture, expected)
    expect(again.text).toBe(expected)
    if (!read(`${fixture}.notes`).includes(BROKEN))
      expect(again.notes.filter(({ message }) => message.startsWith(BROKEN))).toEqual([])
  })
})

test('a file keeps its line ends', () => {
  const input = text(join(import.meta.dirname, 'koa-session/readme.mjs.input'))
  const expected = text(join(import.meta.dirname, 'koa-session/readme.mjs.expected'))
  const withCr = (lines: string) => lines.replaceAll('\n', '\r\n')
  const task = { parser: ts, name: 'koa-session', today } as const
  expect(transform(task, 'app.mjs', withCr(input)).text).toBe(withCr(expected))
})

function text(file: string): string {
  return readFileSync(file, 'utf8')
}
