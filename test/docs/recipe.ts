import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { Browser } from '../support/browser.js'
import { runProgram } from '../support/program.js'

const folder = join(import.meta.dirname, 'generated')

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
  const file = join(folder, `recipe-${name}-${nth}-${process.pid}-${performance.now()}.mjs`)
  mkdirSync(folder, { recursive: true })
  writeFileSync(file, programBelow(page, heading, nth))
  try {
    await runProgram(file, async ([first, ...others]) => {
      if (!first) throw new Error(`The program below "${heading}" does not listen`)
      await visit([first, ...others])
    })
  } finally {
    rmSync(file)
  }
}

function programBelow(page: string, heading: string, nth: number): string {
  const text = readFileSync(join(import.meta.dirname, '../../docs', page), 'utf8')
  const [, section = ''] = text.split(`\n## ${heading}\n`)
  const [below = ''] = section.split(/^## /m)
  const [, code] = [...below.matchAll(/^```js\n(.*?)^```$/gms)][nth] ?? []
  if (code === undefined) throw new Error(`${page} has no program ${nth} below "${heading}"`)
  return code
}
