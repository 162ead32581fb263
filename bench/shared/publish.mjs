import { writeFile } from 'node:fs/promises'
import { writeInto } from './page.mjs'

/** What every command takes, beside its own options. */
export const OUTPUT = {
  json: { type: 'string' },
  markdown: { type: 'boolean', default: false },
  svg: { type: 'string' },
  write: { type: 'boolean', default: false },
}

const DOCS = new URL('../../docs/', import.meta.url)

/**
 * Prints the report of what was measured; with `write` it goes between the two comments of
 * the page of docs/ (performance.md) that carry the name, and its plot, where there is one, beside the page.
 */
export async function publish(
  name,
  results,
  { report, plot, page = 'performance.md' },
  { json, markdown, svg, write },
) {
  if (json) await writeFile(json, `${JSON.stringify(results, null, 2)}\n`)
  console.log(report(results, { markdown }))
  if (svg && plot) await writeFile(svg, plot(results))
  if (!write) return
  const parts = [report(results, { markdown: true })]
  if (plot) {
    const file = `performance-${name}.svg`
    await writeFile(new URL(file, DOCS), plot(results))
    parts.push(`![${name}](${file})`)
  }
  await writeInto(new URL(page, DOCS), name, parts.join('\n\n'))
}
