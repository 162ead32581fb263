import type { Member } from './declarations.js'
import type { Exported } from './entries.js'
import { PAGES } from './pages.js'
import { renderSection } from './render.js'
import { buildSection, type Section } from './sections.js'
import type { Sources } from './sources.js'
import { TypeText } from './types.js'

/** The pages of the reference, as they follow from the doc comments. */
export interface Reference {
  /** By file, from the root of the package. */
  texts: ReadonlyMap<string, string>
  members: readonly Member[]
  /** What doc comments lack. */
  problems: readonly string[]
}

const NOTE = '<!-- Written by `npm run docs:reference` from the doc comments: change those. -->'

const UNRELEASED = 'Unreleased'

export function makeReference(sources: Sources, exported: readonly Exported[]): Reference {
  const types = new TypeText(sources, exported)
  const texts = new Map<string, string>()
  const members: Member[] = []
  const problems: string[] = []
  for (const { file, title, intro, plans } of PAGES) {
    const sections = plans.map((plan) => buildSection(sources, plan, types))
    members.push(...sections.flatMap((section) => section.rows.map(({ member }) => member)))
    problems.push(...sections.flatMap((section) => section.problems))
    const parts = [
      `# ${title}`,
      NOTE,
      intro + noteOnUnreleased(sections),
      ...sections.map(renderSection),
    ]
    texts.set(file, `${parts.join('\n\n')}\n`)
  }
  return { texts, members, problems }
}

/** What `since Unreleased` means, on a page that has it. */
function noteOnUnreleased(sections: readonly Section[]): string {
  const members = sections.flatMap(({ rows }) => rows.map(({ member }) => member))
  if (!members.some(({ doc }) => doc?.since === UNRELEASED)) return ''
  return '\n\n`since Unreleased`: newer than the last numbered version in the [changelog](../CHANGELOG.md), and part of this copy.'
}
