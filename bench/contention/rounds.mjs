import { fileURLToPath } from 'node:url'
import { Child } from '../shared/child.mjs'
import { shuffled } from '../shared/statistics.mjs'
import { cellsOf, SETUPS } from './cells.mjs'
import { Group } from './group.mjs'
import { SERVICES } from './services.mjs'
import { slice } from './slice.mjs'

const GENERATOR = fileURLToPath(new URL('generator.mjs', import.meta.url))
const WARM_UP = { writers: 8, keys: 8, others: 0, lasts: 1 }

/** One setup after the other; in each of them the contenders take turns in random order, once a round. */
export async function compare(options) {
  const generator = await Child.start(GENERATOR)
  try {
    const measured = []
    const servers = {}
    for (const setup of options.setups) {
      const service = await SERVICES[SETUPS[setup].store]()
      try {
        Object.assign(servers, service.servers)
        measured.push(...(await measure(setup, { generator, service }, options)))
      } finally {
        await service.stop()
      }
    }
    return { measured, servers }
  } finally {
    await generator.stop()
  }
}

async function measure(setup, means, options) {
  const groups = []
  try {
    for (const contender of options.contenders)
      groups.push(await Group.start(contender, SETUPS[setup], means.service.url))
    for (const group of groups) await warmUp(group, means, options)
    const cells = groups.flatMap((group) =>
      cellsOf(SETUPS[setup], group.contender, options).map((cell) => ({
        ...{ setup, group, cell, contender: group.contender },
        ...{ one: [], separate: [] },
      })),
    )
    for (let round = 0; round < options.rounds; round++) {
      console.error(`${setup}: round ${round + 1} of ${options.rounds}`)
      for (const { entry, name } of inTurn(cells))
        entry[name].push(await take(entry, name, means, options))
    }
    return cells.map(({ group: _, ...rest }) => rest)
  } finally {
    for (const group of groups) await group.stop()
  }
}

async function warmUp(group, means, options) {
  for (const scenario of options.scenarios)
    await slice({ group, ...means }, { ...WARM_UP, scenario }, false, options)
}

/** Servers go on with requests that are no longer waited for: others take their place. */
async function take({ group, cell }, name, means, options) {
  const taken = await slice({ group, ...means }, cell, name === 'one', options)
  if (taken.unanswered > 0) {
    await group.restart()
    await warmUp(group, means, options)
  }
  return taken
}

/** The same cell of all contenders, with one session and with many, comes in one stretch: that is what is compared. */
function inTurn(cells) {
  const stretches = new Map()
  for (const entry of cells) {
    const name = JSON.stringify(entry.cell)
    stretches.set(name, [...(stretches.get(name) ?? []), entry])
  }
  return shuffled([...stretches.values()]).flatMap((stretch) =>
    shuffled(
      stretch.flatMap((entry) => [
        { entry, name: 'one' },
        { entry, name: 'separate' },
      ]),
    ),
  )
}
