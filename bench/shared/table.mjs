/** Formats rows of text as Markdown or for a terminal. The first row is the head. */
export function table(rows, { markdown }) {
  return markdown ? toMarkdown(rows) : toText(rows)
}

export function toMarkdown([head, ...rows]) {
  const line = (values) => `| ${values.join(' | ')} |`
  return [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n')
}

function toText(rows) {
  const widths = rows[0].map((_, at) => Math.max(...rows.map((row) => row[at].length)))
  return rows.map((row) => row.map((value, at) => value.padEnd(widths[at])).join('  ')).join('\n')
}

/** `min – median – max` of a summary. */
export function spread({ min, median, max }, write = (value) => value.toFixed(2)) {
  return [min, median, max].map(write).join(' – ')
}

export const whole = (value) => Math.round(value).toLocaleString('en')
