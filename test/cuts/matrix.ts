import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import { MODES } from './modes.js'
import { OPERATIONS, type Operation } from './operations.js'
import { type Connected, type Cut, Stage, UNCUT } from './stage.js'

/** Cases that fail, as `client, mode, operation, command, when`. They are left out. */
export const KNOWN: readonly string[] = []

/** No operation sends as many. */
const MOST_COMMANDS = 20

/** Cuts the connection at each command of each operation, and looks at what is left. */
export function cutEach(client: string, connect: () => Promise<Connected>): void {
  let connected: Connected
  beforeAll(async () => {
    connected = await connect()
  })
  afterAll(() => connected.close())

  describe.each(Object.entries(MODES))(`${client}, %s`, (name, mode) => {
    let stage: Stage
    beforeAll(async () => {
      stage = await Stage.open(connected, mode)
      // The first compare-and-set sends the script of Redis, which is one command more.
      await stage.play(operationOf('a write'), UNCUT)
    })
    afterAll(() => stage.close())

    it.each(
      mode.only ? [mode.only] : Object.keys(OPERATIONS),
    )('%s, cut before and after each command: nothing is lost, done twice or left over', async (title) => {
      const cuts: Cut['when'][] = mode.twice ? ['after', 'twice'] : ['after']
      const label = `${client}, ${name}, ${title}`
      expect(await faultsOf(stage, operationOf(title), cuts, label)).toEqual([])
    })
  })
}

/** Plays each cut of each command that the operation sends, and the operation without a cut. */
async function faultsOf(
  stage: Stage,
  operation: Operation,
  cuts: readonly Cut['when'][],
  label: string,
): Promise<string[]> {
  const found: string[] = []
  const play = async (cut: Cut) => {
    const title = `${label}, ${cut.number}, ${cut.when}`
    if (KNOWN.includes(title)) return true
    const { wasCut, faults } = await stage.play(operation, cut)
    for (const fault of faults) found.push(`${title}: ${fault}`)
    return wasCut
  }
  let number = 1
  while (await play({ number, when: 'before' })) {
    for (const when of cuts) await play({ number, when })
    if (++number > MOST_COMMANDS)
      throw new Error(`${label} sent more than ${MOST_COMMANDS} commands`)
  }
  if (number === 1) found.push(`${label}: no command was cut`)
  return found
}

function operationOf(title: string): Operation {
  const operation = OPERATIONS[title]
  if (operation) return operation
  throw new Error(`There is no operation ${title}`)
}
