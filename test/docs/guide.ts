import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from '../support/browser.js'
import { runProgram } from '../support/program.js'

const root = join(import.meta.dirname, '../..')
const folder = join(import.meta.dirname, 'generated')

/** The text of the section that begins with `heading`, such as `## Shutdown`. */
export function section(page: string, heading: string): string {
  const text = `\n${readFileSync(join(root, page), 'utf8')}`
  const start = text.indexOf(`\n${heading}\n`)
  if (start < 0) throw new Error(`${page} has no section ${heading}`)
  const body = text.slice(start + heading.length + 1)
  const [level = ''] = heading.split(' ', 1)
  const end = body.search(new RegExp(`^#{1,${level.length}} `, 'm'))
  return body.slice(0, end < 0 ? undefined : end)
}

/** The code blocks of a language in a section. */
export function blocks(page: string, heading: string, language: string): string[] {
  const pattern = new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\`$`, 'gms')
  return [...section(page, heading).matchAll(pattern)].map(([, code = '']) => code)
}

/** Runs `use` with the file of a program; `name` is unique, as a module is loaded once. */
export async function withFile<T>(
  name: string,
  code: string | undefined,
  use: (file: string) => Promise<T>,
): Promise<T> {
  if (!code) throw new Error(`The guide has no program for ${name}`)
  const file = join(folder, `${name}.mjs`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, code)
  try {
    return await use(file)
  } finally {
    rmSync(file)
  }
}

type Visit = (browsers: [Browser, ...Browser[]]) => Promise<unknown>

/**
 * Runs a program of a guide, and passes a browser for each of its apps.
 * @param nth Which of the programs below the heading, from 0.
 */
export async function visitRecipe(
  page: string,
  heading: string,
  visit: Visit,
  nth = 0,
): Promise<void> {
  const name = heading.toLowerCase().replace(/\W+/g, '-')
  const unique = `recipe-${name}-${nth}-${process.pid}-${performance.now()}`
  await withFile(unique, blocks(`docs/${page}`, `## ${heading}`, 'js')[nth], (file) =>
    runProgram(file, async ([first, ...others]) => {
      if (!first) throw new Error(`The program below "${heading}" does not listen`)
      await visit([first, ...others])
    }),
  )
}
