import { joined } from './configs.js'
import { closeConnections } from './http.js'
import type { Violation } from './oracle/promises.js'
import { Round } from './round.js'
import { ServerPool } from './server-pool.js'
import { processesOf, type Setup, tolerancesOf } from './setups.js'
import { BACKENDS, type Backend } from './store/backends.js'

export interface Limits {
  seed: number
  seconds: number
  /** The most requests of one set-up. */
  requests: number
  processes: number
  browsers: number
}

export interface Outcome {
  setup: Setup
  seconds: number
  requests: number
  /** How many answers had each status; 0: no answer. */
  statuses: ReadonlyMap<number, number>
  sessions: number
  faults: number
  /** Answers that set the cookie of a session which ended after the server had looked. */
  crossed: number
  /** `steps`: the last requests of the browser; empty after the first violations of a set-up. */
  violations: (Violation & { steps: string[] })[]
}

/** How long a store command may take, in ms. It must not fail on a busy machine. */
const COMMAND_MS = 5000
/** The same where the store fails, so that requests do not wait for long. */
const FAULTY_COMMAND_MS = 1000

/** Starts the store and the servers of one set-up, plays it, and stops them. */
export async function run(setup: Setup, limits: Limits): Promise<Outcome> {
  await using backend: Backend = await BACKENDS[setup.store]()
  const { address } = backend
  const commandTimeout = tolerancesOf(setup).unavailable ? FAULTY_COMMAND_MS : COMMAND_MS
  const servers = new ServerPool(
    processesOf(setup, limits.processes),
    { address, config: setup.config, commandTimeout },
    joined(setup.config).before !== undefined,
  )
  try {
    await servers.start()
    return await new Round(setup, limits, backend, servers).play()
  } finally {
    closeConnections()
    await servers.stop()
  }
}
