import { setTimeout as sleep } from 'node:timers/promises'
import type { Tolerances } from './oracle/promises.js'
import type { Random } from './random.js'
import type { ServerPool } from './server-pool.js'
import type { Backend } from './store/backends.js'
import type { When } from './store/proxy.js'

/** What a fault can act on. */
export interface FaultContext {
  backend: Backend
  servers: ServerPool
  random: Random
  /** Aborted when the last request was answered. */
  signal: AbortSignal
  /** Called when a connection was cut. */
  wasCut(): void
}

export interface Fault {
  /** How long until the next one, in ms: from, to. */
  every: readonly [number, number]
  tolerates: Tolerances
  /** What the store must be able to do. */
  needs?: 'proxy' | 'restart' | 'failing' | 'pausable' | 'processes'
  /** @returns what happened, for the log. */
  inject(context: FaultContext): Promise<string | undefined>
}

export const FAULTS = {
  none: { every: [1000, 1000], tolerates: {}, inject: async () => undefined },
  'cut-before': {
    every: [200, 800],
    tolerates: { unavailable: true },
    needs: 'proxy',
    inject: (context) => cut(context, 'before'),
  },
  'cut-after': {
    every: [200, 800],
    tolerates: { unavailable: true },
    needs: 'proxy',
    inject: (context) => cut(context, 'after'),
  },
  'pause-store': {
    every: [500, 2000],
    tolerates: { unavailable: true, lostLogins: true },
    needs: 'pausable',
    inject: pauseStore,
  },
  'pause-process': {
    every: [300, 1500],
    tolerates: { unavailable: true, lostLogins: true },
    inject: async ({ servers, random }) => {
      const ms = random.between(50, 2000)
      return `server ${await servers.pause(random, ms)} was paused for ${ms} ms`
    },
  },
  'kill-process': {
    every: [1000, 3000],
    tolerates: { unanswered: true, lostLogins: true },
    needs: 'processes',
    inject: async ({ servers, random }) => {
      const label = await servers.kill(random)
      return label && `server ${label} was killed and started again`
    },
  },
  'restart-store': {
    every: [2000, 5000],
    tolerates: { unavailable: true, lostLogins: true },
    needs: 'restart',
    inject: async ({ backend }) => {
      await backend.restart?.()
      return 'the store was restarted'
    },
  },
  failover: {
    every: [1000, 4000],
    tolerates: { unavailable: true, lostLogins: true },
    needs: 'failing',
    inject: async ({ backend, random }) => {
      await backend.failing?.failover(random)
      return 'a primary was killed, and its replica took over'
    },
  },
} satisfies Record<string, Fault>

export type FaultName = keyof typeof FAULTS

/** Injects one fault after another until the signal is aborted. */
export async function injectFaults(
  name: FaultName,
  context: FaultContext,
  log: (text: string) => void,
): Promise<void> {
  const fault: Fault = FAULTS[name]
  while (!context.signal.aborted) {
    await sleep(context.random.between(...fault.every), undefined, {
      signal: context.signal,
    }).catch(() => undefined)
    if (context.signal.aborted) return
    const text = await fault.inject(context)
    if (text) log(text)
  }
}

/** Commands by their bytes, in any protocol: with a tombstone, with a record or a tombstone, any. */
const COMMANDS = {
  end: /\d{15}e-\d{13}/,
  write: /\{"|\de-\d{13}/,
  any: /^/,
}

async function cut({ backend, random, signal, wasCut }: FaultContext, when: When): Promise<string> {
  const name = random.weighted({ end: 4, write: 4, any: 2 })
  const { proxy } = backend
  const isOver = () => proxy?.calm()
  signal.addEventListener('abort', isOver)
  await proxy?.cut(when, COMMANDS[name])
  signal.removeEventListener('abort', isOver)
  wasCut()
  return `a connection was cut ${when} a command (${name})`
}

async function pauseStore({ backend, random }: FaultContext): Promise<string> {
  const ms = random.between(50, 1800)
  if (backend.failing) await backend.failing.hang(random, ms)
  else {
    backend.proxy?.stall(true)
    await sleep(ms)
    backend.proxy?.stall(false)
  }
  return `the store did not answer for ${ms} ms`
}
