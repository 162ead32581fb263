import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'

const root = join(import.meta.dirname, '../..')
const guides = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
/** README.md and the pages of the guide. */
export const pages = [
  'README.md',
  ...guides.filter((path) => path.endsWith('.md')).map((path) => `docs/${path}`),
]

export interface Block {
  name: string
  language: string
  code: string
}

/** Every block of code in the pages. */
export const blocks: Block[] = pages.flatMap((page) =>
  [...readFileSync(join(root, page), 'utf8').matchAll(/^```(\w+)\n(.*?)^```$/gms)].map(
    ([, language = '', code = ''], at) => ({
      name: `${page}-${at}`.replaceAll('/', '-'),
      language,
      code,
    }),
  ),
)
