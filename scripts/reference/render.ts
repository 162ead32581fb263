import type { Member } from './declarations.js'
import type { Row, Section } from './sections.js'

/** A section of a page as Markdown. */
export function renderSection({ heading, intro, style, rows }: Section): string {
  const parts = [`## ${heading}`]
  if (intro) parts.push(intro)
  if (style === 'table') parts.push(renderTable(rows))
  else {
    if (rows.length > 3) parts.push(rows.map(linkTo).join(' · '))
    parts.push(...rows.map(renderEntry))
  }
  return parts.join('\n\n')
}

function linkTo({ label }: Row): string {
  return `[\`${label}\`](#${slug(label)})`
}

function renderEntry({ label, member }: Row): string {
  const { doc } = member
  const facts = [
    member.type && code(member.type),
    defaultOf(member) && `default: ${defaultOf(member)}`,
    member.settable && `settable to ${code(member.settable)}`,
    doc?.since && `since ${doc.since}`,
  ]
  const parts = [`### \`${label}\``, facts.filter(Boolean).join(' · '), linked(doc?.text ?? '')]
  if (doc && doc.throws.length > 0) parts.push(`Throws ${doc.throws.map(linked).join('; ')}`)
  const examples = doc?.examples.map((example) => `\`\`\`typescript\n${example}\n\`\`\``) ?? []
  return [...parts, ...examples].filter((part) => part !== '').join('\n\n')
}

/** The columns that a row of this section has something for. */
function renderTable(rows: readonly Row[]): string {
  const columns: [title: string, cell: (row: Row) => string][] = [
    ['name', ({ label }) => (label.startsWith('ERR_') ? linked(label) : code(label))],
    ['type', ({ member }) => (member.type ? code(member.type) : '')],
    ['default', ({ member }) => defaultOf(member)],
    ['meaning', ({ member }) => linked(member.doc?.text ?? '')],
    ['example', ({ member }) => member.doc?.examples.map(code).join('<br>') ?? ''],
    ['since', ({ member }) => member.doc?.since ?? ''],
  ]
  const used = columns.filter(([, cell]) => rows.some((row) => cell(row) !== ''))
  const lines = [
    used.map(([title]) => title),
    used.map(() => '---'),
    ...rows.map((row) =>
      used.map(([, cell]) => cell(row).replaceAll('|', '\\|').replaceAll('\n', ' ')),
    ),
  ]
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}

/** A value is shown as code, words are not. */
function defaultOf({ doc }: Member): string {
  if (doc?.default === undefined) return ''
  const isValue = /^([\d_]+|true|false|null|\w+\.\w+|'[^']*'|\{.*\})$/.test(doc.default)
  return isValue ? code(doc.default) : doc.default
}

function code(text: string): string {
  return text.includes('`') ? `\`\` ${text} \`\`` : `\`${text}\``
}

/** Names of pages and error codes lead to them. */
function linked(text: string): string {
  return text
    .replace(/\bdocs\/([\w-]+)\.md\b/g, '[$1.md]($1.md)')
    .split(/(`[^`]*`)/)
    .map((part) =>
      part.startsWith('`')
        ? part
        : part.replace(
            /\bERR_SESSION_\w+/g,
            (name) => `[\`${name}\`](errors.md#${name.toLowerCase()})`,
          ),
    )
    .join('')
}

/** The anchor of a heading, as GitHub makes it. */
export function slug(heading: string): string {
  return heading
    .toLowerCase()
    .replace(/[^\p{L}\p{N}\p{M}_ -]/gu, '')
    .replaceAll(' ', '-')
}
