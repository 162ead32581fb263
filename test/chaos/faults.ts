import { setTimeout as sleep } from 'node:timers/promises'
import type { Fleet } from './fleet.js'
import type { Excuses } from './oracle/promises.js'
import type { Random } from './random.js'
import type { Backend } from './store/backends.js'
import type { When } from './store/proxy.js'

/** What a fault may do things to. */
export interface Scene {
  backend: Backend
  fleet: Fleet
  random: Random
  /** Ends early when the play is over. */
  signal: AbortSignal
  /** Called when a connection was cut. */
  wasCut(): void
}

export interface Fault {
  /** How long until the next one, in ms: from, to. */
  every: readonly [number, number]
  excuses: Excuses
  /** What it needs of the store. */
  needs?: 'proxy' | 'restart' | 'failing' | 'pausable' | 'processes'
  /** @returns what happened, for the log. */
  inject(scene: Scene): Promise<string | undefined>
}

export const FAULTS = {
  none: { every: [1000, 1000], excuses: {}, inject: async () => undefined },
  'cut-before': {
    every: [200, 800],
    excuses: { unavailable: true },
    needs: 'proxy',
    inject: (scene) => cut(scene, 'before'),
  },
  'cut-after': {
    every: [200, 800],
    excuses: { unavailable: true },
    needs: 'proxy',
    inject: (scene) => cut(scene, 'after'),
  },
  'pause-store': {
    every: [500, 2000],
    excuses: { unavailable: true, lostLogins: true },
    needs: 'pausable',
    inject: pauseStore,
  },
  'pause-process': {
    every: [300, 1500],
    excuses: { unavailable: true, lostLogins: true },
    inject: async ({ fleet, random }) => {
      const ms = random.between(50, 2000)
      return `server ${await fleet.pause(random, ms)} was paused for ${ms} ms`
    },
  },
  'kill-process': {
    every: [1000, 3000],
    excuses: { unanswered: true, lostLogins: true },
    needs: 'processes',
    inject: async ({ fleet, random }) => {
      const label = await fleet.kill(random)
      return label && `server ${label} was killed and started again`
    },
  },
  'restart-store': {
    every: [2000, 5000],
    excuses: { unavailable: true, lostLogins: true },
    needs: 'restart',
    inject: async ({ backend }) => {
      await backend.restart?.()
      return 'the store was restarted'
    },
  },
  failover: {
    every: [1000, 4000],
    excuses: { unavailable: true, lostLogins: true },
    needs: 'failing',
    inject: async ({ backend, random }) => {
      await backend.failing?.failover(random)
      return 'a primary was killed, and its replica took over'
    },
  },
} satisfies Record<string, Fault>

export type FaultName = keyof typeof FAULTS

/** Injects one after another until the signal. */
export async function injectFaults(
  name: FaultName,
  scene: Scene,
  log: (text: string) => void,
): Promise<void> {
  const fault: Fault = FAULTS[name]
  while (!scene.signal.aborted) {
    await sleep(scene.random.between(...fault.every), undefined, { signal: scene.signal }).catch(
      () => undefined,
    )
    if (scene.signal.aborted) return
    const text = await fault.inject(scene)
    if (text) log(text)
  }
}

/** Commands by what their bytes hold, in any protocol: a tombstone, a record or a tombstone, anything. */
const COMMANDS = {
  end: /\d{15}e-\d{13}/,
  write: /\{"|\de-\d{13}/,
  any: /^/,
}

async function cut({ backend, random, signal, wasCut }: Scene, when: When): Promise<string> {
  const name = random.weighted({ end: 4, write: 4, any: 2 })
  const { proxy } = backend
  const isOver = () => proxy?.calm()
  signal.addEventListener('abort', isOver)
  await proxy?.cut(when, COMMANDS[name])
  signal.removeEventListener('abort', isOver)
  wasCut()
  return `a connection was cut ${when} a command (${name})`
}

async function pauseStore({ backend, random }: Scene): Promise<string> {
  const ms = random.between(50, 1800)
  if (backend.failing) await backend.failing.hang(random, ms)
  else {
    backend.proxy?.stall(true)
    await sleep(ms)
    backend.proxy?.stall(false)
  }
  return `the store did not answer for ${ms} ms`
}
