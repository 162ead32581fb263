import { afterAll, beforeAll, describe, expect, it } from 'vitest'
import type { When } from '../chaos/store/proxy.js'
import { MODES, type ModeName } from './modes.js'
import { OPERATIONS, type Operation } from './operations.js'
import { type Connected, Stage } from './stage.js'

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

  describe.each(Object.keys(MODES) as ModeName[])(`${client}, %s`, (name) => {
    let stage: Stage
    beforeAll(async () => {
      stage = await Stage.open(connected, MODES[name])
      // The first use of a store sends more: scripts, and statements to prepare.
      for (const operation of Object.values(OPERATIONS)) await stage.play(operation, 0, 'before')
    })
    afterAll(() => stage.close())

    for (const when of ['before', 'after'] as const) {
      describe(`the connection is cut ${when} a command ${EFFECTS[when]}`, () => {
        it.each(Object.keys(OPERATIONS))('%s', async (title) => {
          const operation = OPERATIONS[title] as Operation
          const label = (number: number) => `${client}, ${name}, ${title}, ${number}, ${when}`
          expect(await faultsOf(stage, operation, when, label)).toEqual([])
        })
      })
    }
  })
}

const EFFECTS: Record<When, string> = {
  before: 'reaches the server',
  after: 'took effect, and its answer is lost',
}

/** Plays one case for each command that the operation sends; the last case has nothing left to cut. */
async function faultsOf(
  stage: Stage,
  operation: Operation,
  when: When,
  label: (number: number) => string,
): Promise<string[]> {
  const found: string[] = []
  for (let number = 1; number < MOST_COMMANDS; number++) {
    if (KNOWN.includes(label(number))) continue
    const { wasCut, faults, status } = await stage.play(operation, number, when)
    for (const fault of faults) found.push(`${label(number)}: ${fault}`)
    if (wasCut) continue
    if (number === 1) found.push('No command was cut')
    if (status !== 200) found.push(`Without a cut it answered ${status}`)
    return found
  }
  throw new Error(`The operation sent ${MOST_COMMANDS} commands`)
}
