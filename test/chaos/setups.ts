import { CONFIGS, joined } from './configs.js'
import { FAULTS, type Fault, type FaultName } from './faults.js'
import type { Tolerances } from './oracle/promises.js'
import type { BACKENDS } from './store/backends.js'

type StoreName = keyof typeof BACKENDS

/** A store, how the session middleware is configured, and which faults happen. */
export interface Setup {
  store: StoreName
  config: string
  faults: FaultName
}

interface Traits {
  /** Several processes may share it. */
  shared: boolean
  /** What faults can do to it: the values of `needs`. */
  can: readonly string[]
  /** It can hold two separate sets of sessions, which a move from one store to another needs. */
  movable?: true
  /** Replicas get a write after it took effect. */
  replicated?: true
}

const PROXIED = ['proxy', 'restart', 'pausable', 'processes']
const REPLICATED = ['failing', 'pausable', 'processes']

const STORES: Record<StoreName, Traits> = {
  memory: { shared: false, can: [] },
  sqlite: { shared: true, can: ['processes'], movable: true },
  redis: { shared: true, can: PROXIED, movable: true },
  'node-redis': { shared: true, can: PROXIED, movable: true },
  'redis-cluster': { shared: true, can: REPLICATED, replicated: true },
  sentinel: { shared: true, can: REPLICATED, replicated: true },
  postgres: { shared: true, can: PROXIED, movable: true },
  mysql: { shared: true, can: PROXIED, movable: true },
}

/** Configs that `all` stands for. */
const ALL_CONFIGS = [...Object.keys(CONFIGS), 'rolling+early', 'strict+early', 'migrating+rolling']

/** `migrating` as a store: Redis, from one database to another. */
const ALIASES: Record<string, [store: StoreName, config: string]> = {
  migrating: ['redis', 'migrating'],
}

export function tolerancesOf({ store, faults }: Setup): Tolerances {
  const { replicated } = STORES[store]
  const tolerates: Tolerances = FAULTS[faults].tolerates
  return { ...tolerates, ...(replicated && faults !== 'none' && { dirtyReads: true }) }
}

export function processesOf({ store }: Setup, wanted: number): number {
  return STORES[store].shared ? wanted : 1
}

/** All combinations of three lists, each with commas or `all`, without those that cannot work. */
export function setupsOf(stores: string, configs: string, faults: string): Setup[] {
  const setups: Setup[] = []
  for (const name of names(stores, [...Object.keys(STORES), ...Object.keys(ALIASES)])) {
    for (const config of names(configs, ALL_CONFIGS)) {
      for (const fault of names(faults, Object.keys(FAULTS))) {
        const setup = setupOf(name, config, fault)
        if (setup && !setups.some((other) => labelOf(other) === labelOf(setup))) setups.push(setup)
      }
    }
  }
  if (setups.length === 0) throw new Error(`No store can do this: ${stores}, ${configs}, ${faults}`)
  return setups
}

export const labelOf = ({ store, config, faults }: Setup) => `${store} ${config} ${faults}`

function setupOf(name: string, config: string, fault: string): Setup | undefined {
  const [alias, added] = ALIASES[name] ?? [name]
  const store = known(alias, STORES, 'store')
  const faults = known(fault, FAULTS, 'kind of fault')
  const parts = new Set(config.split('+'))
  if (added) parts.add(added).delete('plain')
  const setup = { store, faults, config: [...parts].join('+') }
  return isPossible(setup) ? setup : undefined
}

function isPossible({ store, config, faults }: Setup): boolean {
  const { shared, can, movable } = STORES[store]
  const { before, migrating } = joined(config)
  const { needs }: Fault = FAULTS[faults]
  if (needs !== undefined && !can.includes(needs)) return false
  if (before && !shared) return false
  return !migrating || movable === true
}

function names(list: string, all: readonly string[]): string[] {
  return list === 'all' ? [...all] : list.split(',')
}

function known<T extends object>(name: string, table: T, what: string): keyof T {
  if (Object.hasOwn(table, name)) return name as keyof T
  throw new Error(`There is no ${what} ${name}: there are ${Object.keys(table).join(', ')}`)
}
