/** The pages that hold measurements. */
export interface Measured {
  performance: string
  races: string
}

const PACKAGES = ['koa-sess', 'koa-session', 'koa-generic-session']
const SCENES = ['read', 'rolling', 'modify', 'new']
const CONNECTIONS = '64'

/** Writes the tables of docs/compare.md from the pages that hold the measurements. */
export function withTables(page: string, { performance, races }: Measured): string {
  const tables: Record<string, string[][]> = {
    races: heldRaces(rowsOf(races, '<!-- races:', '<!-- /races')),
    'in-process': rowsOf(performance, 'on top of bare Koa', 'Ratios').map((row) =>
      row.slice(0, -1),
    ),
    http: requests(rowsOf(performance, '<!-- http:', '<!-- /http')),
  }
  return page.replace(/<!-- ([\w-]+) -->.*?<!-- \/\1 -->/gs, (part, name: string) => {
    const table = tables[name]
    return table ? `<!-- ${name} -->\n\n${markdown(table)}\n\n<!-- /${name} -->` : part
  })
}

/** How many schedules each package holds. A cell is one word, or one without and one with `rolling`. */
function heldRaces([head = [], ...schedules]: string[][]): string[][] {
  const held = (column: number, mode: number) =>
    schedules.filter((row) => (row[column]?.split(' / ')[mode] ?? row[column]) === 'held').length
  const rows = head
    .slice(1)
    .map((name, at) => [
      name.replace('<br>', ' '),
      ...[0, 1].map((mode) => `${held(at + 1, mode)} of ${schedules.length}`),
    ])
  return [['package, store', 'held without `rolling`', 'held with `rolling`'], ...rows]
}

/** Requests/s of each package in each scene. */
function requests(measured: string[][]): string[][] {
  const cell = (name: string, scene: string) =>
    measured.find((row) => row[0] === scene && row[1] === CONNECTIONS && row[2] === name)?.[3] ?? ''
  return [
    ['', ...SCENES],
    ...PACKAGES.map((name) => [name, ...SCENES.map((scene) => cell(name, scene))]),
  ]
}

/** The rows of the tables between two texts, without the line below the head. */
function rowsOf(text: string, from: string, to: string): string[][] {
  const start = text.indexOf(from)
  const part = text.slice(start, text.indexOf(to, start + from.length))
  return (part.match(/^\|.*\|$/gm) ?? [])
    .filter((line) => !/^[|\s-]+$/.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim()),
    )
}

function markdown([head = [], ...rows]: string[][]): string {
  const lines = [head, head.map(() => '---'), ...rows]
  return lines.map((cells) => `| ${cells.join(' | ')} |`).join('\n')
}
