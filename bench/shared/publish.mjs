import { writeFile } from 'node:fs/promises'
import { writeInto } from './page.mjs'

/** The options that every command takes beside its own. */
export const OUTPUT = {
  json: { type: 'string' },
  markdown: { type: 'boolean', default: false },
  svg: { type: 'string' },
  write: { type: 'boolean', default: false },
}

const DOCS = new URL('../../docs/', import.meta.url)

/**
 * Prints a report. `write` also puts it into a page of docs/ (default performance.md), between the
 * two comments that carry its name, and saves its plot beside the page.
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
