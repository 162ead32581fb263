import type { SessionOptions } from '../../src/index.js'
import type { Data } from './protocol.js'

export interface Config {
  options: SessionOptions<Data>
  /** How the process is configured that sessions begin on, before the move. Default: no such process. */
  before?: SessionOptions<Data>
  /** Sessions begin in one store, and every other process uses `migrating` to a second one. */
  migrating?: true
  /** Handlers save early and answer late. */
  early?: true
  /** Requests say that a proxy took them over TLS. */
  secure?: true
}

const HOUR = 3_600_000
const CHAOS_KEYS = ['a secret of the chaos runner, as long as one has to be']
const until = () => new Date(Date.now() + 24 * HOUR)

/** How long the id of an ended session is blocked, in ms. Shorter than the default: runs are short. */
export const TOMBSTONE_MS = 3000

/** Any of them can be joined: `rolling+early`. */
export const CONFIGS = {
  plain: { options: {} },
  rolling: { options: { rolling: true } },
  // A third of a second after each write it is due again.
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

/** The configs of a name such as `rolling+early`, as one. */
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
