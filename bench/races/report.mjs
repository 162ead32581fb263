import { readFile, writeFile } from 'node:fs/promises'
import { worst } from './run.mjs'
import { SCHEDULES } from './schedules.mjs'
import { PACKAGES, SETUPS } from './setups.mjs'

const BEGIN = '<!-- races: written by npm run bench:races -- --write -->'
const END = '<!-- /races -->'

/** What was measured: the versions of everything that has a part in it. */
export async function versionsOf(redis) {
  const packages = await Promise.all(PACKAGES.map(async (name) => [name, await versionOf(name)]))
  return { node: process.versions.node, redis, ...Object.fromEntries(packages) }
}

async function versionOf(name) {
  const folder = name === 'koa-sess' ? '../..' : `../../node_modules/${name}`
  const file = new URL(`${folder}/package.json`, import.meta.url)
  return JSON.parse(await readFile(file, 'utf8')).version
}

/** Rows are schedules, columns are setups; where rolling differs, it stands behind the slash. */
export function toMarkdown(results, versions) {
  const line = (cells) => `| ${cells.join(' | ')} |`
  const head = ['', ...SETUPS.map(({ name }) => name.replace(', ', ',<br>'))]
  const rows = SCHEDULES.map(({ name }) => [
    name,
    ...SETUPS.map((setup) => cell(results, name, setup.name)),
  ])
  const { node, redis, ...packages } = versions
  const named = Object.entries(packages).map(([name, version]) => `${name} ${version}`)
  return [
    [line(head), `|${'---|'.repeat(head.length)}`, ...rows.map(line)].join('\n'),
    `Node ${node}, Redis ${redis}; ${named.join(', ')}.`,
  ].join('\n\n')
}

function cell(results, schedule, setup) {
  const [plain, rolling] = [false, true].map((mode) => {
    const is = (result) =>
      result.schedule === schedule && result.setup === setup && result.rolling === mode
    return worst(results.find(is)).join(', ') || 'held'
  })
  return plain === rolling ? plain : `${plain} / ${rolling}`
}

/** The definitions of "held", for the guide. */
export function definitions() {
  return SCHEDULES.map(({ name, held }) => `- **${name}.** ${held}`).join('\n')
}

/** Puts the table, and what "held" means in each row, between the markers of a page. */
export async function write(file, text) {
  const page = await readFile(file, 'utf8')
  const [begin, end] = [page.indexOf(BEGIN), page.indexOf(END)]
  if (begin < 0 || end < begin) throw new Error(`${BEGIN} … ${END} are missing in the guide`)
  const between = `\n\n${text}\n\n`
  await writeFile(file, page.slice(0, begin + BEGIN.length) + between + page.slice(end))
}
