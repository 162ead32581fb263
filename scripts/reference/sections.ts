import { type Declaration, type Member, readDeclaration } from './declarations.js'
import type { Sources } from './sources.js'
import type { TypeText } from './types.js'

/** A declaration whose members a section shows. */
export interface Part {
  file: string
  name: string
  /** What the names of its members begin with. Default: nothing. */
  prefix?: string
  /** Members that another section or page describes. */
  without?: readonly string[]
}

/** What a section is made from. */
export interface Plan {
  heading: string
  intro?: string
  /** `entries`: a heading, an example and a default for each. `table`: a row for each. */
  style: 'entries' | 'table'
  parts: readonly Part[]
  /** In a table: each row needs an example. Default false. */
  needsExamples?: boolean
}

/** A member, and its name on the page. */
export interface Row {
  label: string
  member: Member
}

export interface Section {
  heading: string
  intro: string
  style: 'entries' | 'table'
  rows: Row[]
  /** What the doc comments lack, each with its place. */
  problems: string[]
}

export function buildSection(sources: Sources, plan: Plan, types: TypeText): Section {
  const { heading, intro = '', style, parts } = plan
  const rows = parts.flatMap(({ file, name, prefix = '', without = [] }) => {
    const declaration = readDeclaration(sources, { file, name }, types)
    return declaration.members
      .filter((member) => !without.includes(member.name))
      .map((member) => ({ label: labelOf(member, prefix), member: withSince(member, declaration) }))
  })
  const needs = {
    default: style === 'entries',
    example: style === 'entries' || plan.needsExamples === true,
  }
  const problems = rows.flatMap(({ member }) => lacks(member, needs))
  if (rows.length === 0) problems.push(`${heading}: no members`)
  return { heading, intro, style, rows, problems }
}

function labelOf({ name, isMethod }: Member, prefix: string): string {
  return name.startsWith('new ') ? name : `${prefix}${name}${isMethod ? '()' : ''}`
}

/** A member without `@since` is as old as its declaration. */
function withSince(member: Member, { doc }: Declaration): Member {
  const since = member.doc?.since ?? doc?.since
  return member.doc ? { ...member, doc: { ...member.doc, since } } : member
}

function lacks(
  { where, doc, isOptional, isMethod }: Member,
  needs: { default: boolean; example: boolean },
): string[] {
  if (!doc || doc.text === '') return [`${where}: no doc comment`]
  const problems: string[] = []
  if (!doc.since) problems.push(`${where}: no @since, nor at its declaration`)
  if (needs.default && isOptional && !isMethod && !doc.default)
    problems.push(`${where}: no @default`)
  if (needs.example && doc.examples.length === 0) problems.push(`${where}: no @example`)
  return problems
}
