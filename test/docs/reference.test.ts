import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, it } from 'vitest'
import { readDeclaration } from '../../scripts/reference/declarations.js'
import { LEFT_OUT, PAGES } from '../../scripts/reference/pages.js'
import { buildSection } from '../../scripts/reference/sections.js'
import { Sources } from '../../scripts/reference/sources.js'
import { TypeText } from '../../scripts/reference/types.js'
import { SessionError, type SessionErrorCode } from '../../src/util/errors.js'
import { exported, members, problems, root, texts } from './public-members.js'

describe('the pages of the reference', () => {
  it.each([...texts])('%s follows from the doc comments: npm run docs:reference', (file, text) => {
    expect(readFileSync(join(root, file), 'utf8')).toBe(text)
  })

  it('every public member has a doc comment, its default, since when it exists, and an example', () => {
    expect(problems).toEqual([])
  })

  it('every export is on a page, or left out for a reason', () => {
    const names = exported.map(({ name }) => name)
    const shown = PAGES.flatMap(({ plans }) =>
      plans.flatMap(({ parts }) => parts.map(({ name }) => name)),
    )
    const leftOut = Object.values(LEFT_OUT).flat()
    expect(names.filter((name) => ![...shown, ...leftOut].includes(name))).toEqual([])
    expect(leftOut.filter((name) => !names.includes(name))).toEqual([])
  })

  it('every @since names a heading of the changelog', () => {
    const changelog = readFileSync(join(root, 'CHANGELOG.md'), 'utf8')
    const versions: string[] = changelog.match(/(?<=^## )\S+/gm) ?? []
    const others = members.filter(({ doc }) => doc?.since && !versions.includes(doc.since))
    expect(others.map(({ where }) => where)).toEqual([])
  })

  it('every error has the status that its comment gives', () => {
    const errors = members.filter(({ where }) => where.startsWith('SessionErrorCode.'))
    for (const { name, doc } of errors) {
      const given = /Status (\d+)/.exec(doc?.text ?? '')?.[1] ?? '500'
      expect(new SessionError(name as SessionErrorCode, '').status, name).toBe(Number(given))
    }
  })
})

describe('what a doc comment lacks is reported', () => {
  const problemsOf = (member: string) => {
    const text = `/**\n * Options.\n * @since 1.0.0\n */\nexport interface Options {\n${member}\n}`
    const given = new Sources(root, { 'a.ts': text })
    const parts = [{ file: 'a.ts', name: 'Options' }]
    const plan = { heading: 'Options', style: 'entries' as const, parts }
    return buildSection(given, plan, new TypeText(given, [])).problems
  }

  it.each([
    ['key?: string', 'Options.key: no doc comment'],
    ['/** @default 1 */\nkey?: string', 'Options.key: no doc comment'],
    ['/**\n * The key.\n * @example a()\n */\nkey?: string', 'Options.key: no @default'],
    ['/**\n * The key.\n * @default 1\n */\nkey?: string', 'Options.key: no @example'],
  ])('%j', (member, problem) => {
    expect(problemsOf(member)).toEqual([problem])
  })

  it('a member that is complete', () => {
    expect(
      problemsOf('/**\n * The key.\n * @default 1\n * @example a()\n */\nkey?: string'),
    ).toEqual([])
  })

  it('no date of a whole declaration', () => {
    const given = new Sources(root, {
      'a.ts': 'export interface A {\n/** The key. */ key: string }',
    })
    const plan = { heading: 'A', style: 'table' as const, parts: [{ file: 'a.ts', name: 'A' }] }
    const { problems } = buildSection(given, plan, new TypeText(given, []))
    expect(problems).toEqual(['A.key: no @since, nor at its declaration'])
  })
})

describe('a type is shown as a reader needs it', () => {
  const ALIASES = `
import type { Later } from './later.js'
export type Kept = 'a' | 'b'
type Key = string | number
type Done = (error: string) => void
type Ttl<T> = number | ((session: T) => Key)
type Chosen<T> = T extends string ? 'text' : 'other'`
  const typeOf = (member: string) => {
    const given = new Sources(root, {
      'src/a.ts': `${ALIASES}\nexport interface A {\n${member}\n}`,
      'src/later.ts': 'export type Later<T> = T | Promise<T>',
    })
    const types = new TypeText(given, [{ name: 'Kept', file: 'src/a.ts' }])
    return readDeclaration(given, { file: 'src/a.ts', name: 'A' }, types).members[0]?.type
  }

  it.each([
    ['key?: string | undefined', 'string'],
    ['key: null | undefined', 'null'],
    ['keys: readonly Key[]', 'readonly (string | number)[]'],
    ['ttl?: Ttl<Date> | undefined', 'number | ((session: Date) => string | number)'],
    [
      'valid?: ((id: Key) => Later<boolean>) | undefined',
      '(id: string | number) => boolean | Promise<boolean>',
    ],
    [
      'end(handle: string, count?: number): Later<void>',
      '(handle: string, count?: number) => void | Promise<void>',
    ],
    ['get size(): number', 'number'],
    ['kind: Kept', 'Kept'],
    ['end?: Done | null', '((error: string) => void) | null'],
    ['kind: Chosen<string>', 'Chosen<string>'],
  ])('%s', (member, type) => {
    expect(typeOf(member)).toBe(type)
  })
})

it('private, static and computed members are not public', () => {
  const text = `export class A {
  [Symbol.iterator]() {}
  #own = 1
  private hidden = 1
  protected inherited = 1
  static made = 1
  get size(): number { return 1 }
  set size(value: number) {}
  shown(): void {}
}`
  const given = new Sources(root, { 'a.ts': text })
  const { members } = readDeclaration(given, { file: 'a.ts', name: 'A' }, new TypeText(given, []))
  expect(members.map(({ name }) => name)).toEqual(['size', 'shown'])
})
