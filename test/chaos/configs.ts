import type { SessionOptions } from '../../src/index.js'
import type { Data } from './protocol.js'

export interface Config {
  options: SessionOptions<Data>
  /** The options of a process on which sessions begin, before they move. Default: no such process. */
  before?: SessionOptions<Data>
  /** Sessions begin in one store, and every other process uses `migrating` to a second one. */
  migrating?: true
  /** Handlers save early and answer late. */
  early?: true
  /** Requests say that they came over TLS to a proxy. */
  secure?: true
}

const HOUR = 3_600_000
const CHAOS_KEYS = ['a secret of the chaos runner, as long as one has to be']
const until = () => new Date(Date.now() + 24 * HOUR)

/** The option `tombstone`, in ms. Shorter than the default, as runs are short. */
export const TOMBSTONE_MS = 3000

/** Any of them can be joined: `rolling+early`. */
export const CONFIGS = {
  plain: { options: {} },
  rolling: { options: { rolling: true } },
  // Each session is due again a third of a second after it was written.
  renew: { options: { renew: HOUR - 333 } },
  hashed: { options: { hashIds: true } },
  sealed: { options: { encryption: { keys: CHAOS_KEYS } } },
  'hashed-move': { options: { hashIds: { plainUntil: until() } }, before: {} },
  'sealed-move': {
    options: { encryption: { keys: CHAOS_KEYS, plainUntil: until() } },
    before: {},
  },
  strict: {
    options: {
      key: '__Host-sid',
      absoluteTimeout: 12 * HOUR,
      rolling: true,
      renew: HOUR - 333,
      digest: 'sha256',
      hashIds: true,
      encryption: { keys: CHAOS_KEYS },
    },
    secure: true,
  },
  migrating: { options: {}, before: {}, migrating: true },
  early: { options: {}, early: true },
} satisfies Record<string, Config>

const COMMON: SessionOptions<Data> = {
  ttl: HOUR,
  tombstone: TOMBSTONE_MS,
  reconnectTimeout: 3000,
}

/** Merges the configs of a name such as `rolling+early`. */
export function joined(name: string): Config {
  const parts = name.split('+').map(configOf)
  const before = parts.some((part) => part.before)
    ? parts.map((part) => part.before ?? part.options)
    : undefined
  return Object.assign({}, ...parts, {
    options: Object.assign({}, COMMON, ...parts.map((part) => part.options)),
    ...(before && { before: Object.assign({}, COMMON, ...before) }),
  })
}

function configOf(name: string): Config {
  const config = new Map<string, Config>(Object.entries(CONFIGS)).get(name)
  if (config) return config
  throw new Error(`There is no config ${name}: there are ${Object.keys(CONFIGS).join(', ')}`)
}
