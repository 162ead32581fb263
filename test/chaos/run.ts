import { setTimeout as sleep } from 'node:timers/promises'
import { type Cast, playAdmin, playThief, playUser } from './actors.js'
import { clock } from './clock.js'
import { joined, TOMBSTONE_MS } from './configs.js'
import { injectFaults } from './faults.js'
import { Fleet } from './fleet.js'
import { closeConnections } from './http.js'
import { Journal } from './journal.js'
import { Oracle } from './oracle/oracle.js'
import type { Violation } from './oracle/promises.js'
import { Random } from './random.js'
import { excusesOf, labelOf, processesOf, type Setup } from './setups.js'
import { BACKENDS, type Backend } from './store/backends.js'
import { Browser, World } from './world.js'

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
  statuses: ReadonlyMap<number, number>
  sessions: number
  faults: number
  crossed: number
  violations: (Violation & { steps: string[] })[]
}

const STEPS = 20
/** How many violations of a set-up are reported with their steps. */
const DETAILED = 40
const THIEVES = 3
/** How many sessions are looked at at once in the end. */
const INSPECTORS = 16
const SETTLE_MS = 500
/** How long a command may take: without faults far more than on a busy machine, in ms. */
const PATIENT_MS = 5000
const IMPATIENT_MS = 1000

/** Plays one set-up and looks at every session afterwards. */
export async function run(setup: Setup, limits: Limits): Promise<Outcome> {
  await using backend: Backend = await BACKENDS[setup.store]()
  const config = joined(setup.config)
  const { address } = backend
  const commandTimeout = setup.faults === 'none' ? PATIENT_MS : IMPATIENT_MS
  const fleet = new Fleet(
    processesOf(setup, limits.processes),
    { address, config: setup.config, commandTimeout },
    config.before !== undefined,
  )
  try {
    await fleet.start()
    return await play(setup, limits, backend, fleet)
  } finally {
    closeConnections()
    await fleet.stop()
  }
}

async function play(
  setup: Setup,
  limits: Limits,
  backend: Backend,
  fleet: Fleet,
): Promise<Outcome> {
  const { seed, seconds, requests } = limits
  const config = joined(setup.config)
  const journal = new Journal()
  const violations: Outcome['violations'] = []
  const cuts: number[] = []
  const oracle = new Oracle({
    excuses: excusesOf(setup),
    tombstone: TOMBSTONE_MS,
    cutsSince: (at) => cuts.length - (cuts.findLastIndex((cut) => cut < at) + 1),
    report: (violation) => {
      const steps: string[] = []
      violations.push({ ...violation, steps })
      if (violations.length > DETAILED) return
      // The line of the step itself is written in this same turn.
      queueMicrotask(() => steps.push(...journal.last(violation.step, STEPS)))
    },
  })
  const world = new World({
    fleet,
    oracle,
    cookie: config.options.key ?? 'koa.sid',
    isSecure: config.secure === true,
    log: (step, text) => journal.note(step, text),
  })
  const stream = (...names: (string | number)[]) => new Random(seed, labelOf(setup), ...names)
  const begun = clock()
  const over = new AbortController()
  const cast: Cast = {
    world,
    isEarly: config.early === true,
    goesOn: () => clock() - begun < seconds * 1000 && world.requests < requests,
  }
  let faults = 0
  const scene = {
    backend,
    fleet,
    random: stream('faults'),
    signal: over.signal,
    wasCut: () => void cuts.push(clock()),
  }
  const injecting = injectFaults(setup.faults, scene, (text) => {
    faults++
    journal.note(undefined, text)
  })
  const users = Array.from({ length: limits.browsers }, (_, at) => new Browser(at + 1))
  const thieves = Array.from({ length: THIEVES }, (_, at) => new Browser(users.length + at + 1))
  await Promise.all([
    ...users.map((user) => playUser(cast, user, stream('user', user.number))),
    ...thieves.map((thief) => playThief(cast, thief, users, stream('thief', thief.number))),
    playAdmin(cast, users, stream('admin')),
  ])
  const lasted = clock() - begun
  over.abort()
  await injecting
  await backend.failing?.whole()
  await sleep(setup.faults === 'none' ? 0 : SETTLE_MS)
  await inspect(world, oracle, stream('inspectors'))
  oracle.finish()
  return {
    setup,
    seconds: lasted / 1000,
    requests: world.requests,
    statuses: world.statuses,
    sessions: oracle.sessions.size,
    faults,
    crossed: oracle.crossed,
    violations,
  }
}

/** Asks with the cookie of every session that there ever was: what ended must open nothing. */
async function inspect(world: World, oracle: Oracle, random: Random): Promise<void> {
  const left = [...oracle.sessions.values()]
  const inspector = async () => {
    for (let session = left.pop(); session; session = left.pop())
      await world.inspect(session, random)
  }
  await Promise.all(Array.from({ length: INSPECTORS }, inspector))
}
