import { readFileSync } from 'node:fs'
import { join } from 'node:path'

/** The folder of the repository. */
export const ROOT = join(import.meta.dirname, '../..')

/** The pages in the order of a reader, by their file. The title of each is its first heading. */
export const GROUPS: Readonly<Record<string, readonly string[]>> = {
  Start: [
    'README.md',
    'docs/how-it-works.md',
    'docs/recipes.md',
    'docs/data.md',
    'docs/stores.md',
    'docs/migration.md',
    'docs/upgrade.md',
  ],
  Guides: [
    'docs/redis.md',
    'docs/sql.md',
    'docs/cookie-only.md',
    'docs/users.md',
    'docs/connections.md',
    'docs/device-bound.md',
    'docs/races.md',
    'docs/adapters.md',
    'docs/migrate-stores.md',
    'docs/write-a-store.md',
  ],
  Reference: [
    'docs/options.md',
    'docs/reference.md',
    'docs/reference-stores.md',
    'docs/errors.md',
    'docs/events.md',
    'docs/glossary.md',
    'CHANGELOG.md',
  ],
  Operate: ['docs/operations.md', 'docs/security.md', 'docs/troubleshooting.md'],
  Compare: ['docs/compare.md', 'docs/performance.md', 'docs/chaos.md'],
}

/** Pages whose tables need the whole width: they have no list of headings beside them. */
export const WIDE = ['compare.md', 'operations.md', 'performance.md', 'races.md']

/** Pages that links lead to, and that the sidebar leaves out. */
const OTHERS = ['CONTRIBUTING.md', 'SECURITY.md']

export const sidebar = Object.entries(GROUPS).map(([text, files]) => ({
  text,
  items: files.map((file) => ({ text: titleOf(file), link: linkTo(file) ?? '/' })),
}))

/** The address of a file of the repository on the site; undefined: it is no page. */
export function linkTo(file: string): string | undefined {
  const isPage = /^docs\/.*\.md$/.test(file) || isListed(file)
  return isPage ? `/${addressOf(file).replace(/^index\.md$/, '')}` : undefined
}

/** Where a page is on the site, as a path of VitePress. */
export function addressOf(file: string): string {
  if (file === 'README.md') return 'index.md'
  return file.replace(/^docs\//, '').replace(/^[A-Z]+(?=\.md$)/, (name) => name.toLowerCase())
}

function isListed(file: string): boolean {
  return OTHERS.includes(file) || Object.values(GROUPS).some((files) => files.includes(file))
}

function titleOf(file: string): string {
  if (file === 'README.md') return 'Get started'
  const text = readFileSync(join(ROOT, file), 'utf8')
  return (/^# (.+)$/m.exec(text)?.[1] ?? file).replaceAll('`', '')
}
