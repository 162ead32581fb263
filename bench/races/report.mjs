import { versionsOf } from '../shared/machine.mjs'
import { toMarkdown } from '../shared/table.mjs'
import { worst } from './run.mjs'
import { SCHEDULES } from './schedules.mjs'
import { PACKAGES, SETUPS } from './setups.mjs'

/** The versions of everything that was measured. */
export async function versions(redis) {
  return { node: process.versions.node, redis, ...(await versionsOf(PACKAGES)) }
}

/** Rows are schedules, columns are setups. A different result with rolling follows a slash. */
export function report(results, versions) {
  const head = ['', ...SETUPS.map(({ name }) => name.replace(', ', ',<br>'))]
  const rows = SCHEDULES.map(({ name }) => [
    name,
    ...SETUPS.map((setup) => cell(results, name, setup.name)),
  ])
  const { node, redis, ...packages } = versions
  const named = Object.entries(packages).map(([name, version]) => `${name} ${version}`)
  return [toMarkdown([head, ...rows]), `Node ${node}, Redis ${redis}; ${named.join(', ')}.`].join(
    '\n\n',
  )
}

function cell(results, schedule, setup) {
  const [plain, rolling] = [false, true].map((mode) => {
    const is = (result) =>
      result.schedule === schedule && result.setup === setup && result.rolling === mode
    return worst(results.find(is)).join(', ') || 'held'
  })
  return plain === rolling ? plain : `${plain} / ${rolling}`
}

/** What "held" requires in each row, for the guide. */
export function definitions() {
  return SCHEDULES.map(({ name, held }) => `- **${name}.** ${held}`).join('\n')
}
