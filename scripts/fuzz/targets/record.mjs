import { MemoryStore, SessionError } from '../../../.fuzz/index.js'
import { noting, open, sign } from '../site.mjs'
import { demand, demandClean, told } from './check.mjs'

const DAY = 86_400_000
const now = () => 1_800_000_000_000
const DATE = '2100-01-01T00:00:00.000Z'

let theirs = ''
let key = ''
let put
let seen
const look = async (ctx) => {
  const current = await ctx.session
  seen = { ...current }
  return current
}

// By the first letter of an input.
const DEEDS = {
  r: async (ctx) => void (await look(ctx)).cookie,
  m: async (ctx) => {
    const current = await look(ctx)
    current.touched = 1
  },
  c: async (ctx) => {
    const current = await look(ctx)
    current.touched = 1
    put(key, theirs)
  },
  u: (ctx) =>
    ctx.updateSession((draft) => {
      seen = { ...draft }
      draft.touched = 1
    }),
  l: async (ctx) => {
    await look(ctx)
    ctx.session = null
  },
  g: async (ctx) => {
    await ctx.regenerateSession({ keep: Object.keys(await look(ctx)) })
  },
  s: async (ctx) => {
    await look(ctx)
    ctx.session = { touched: 1 }
  },
}

// By the second one.
const MODES = [{}, { rolling: true }, { absoluteTimeout: DAY, rolling: true }, { renew: 0.5 }]
const LANES = Object.fromEntries([
  ...MODES.map((mode, at) => [at, laneOf(strong(), mode)]),
  ...MODES.map((mode, at) => [at + MODES.length, laneOf(older(), mode)]),
])

function laneOf(shelf, mode) {
  const options = { ...mode, now, store: noting(shelf.store, []) }
  return { ...shelf, site: open(options, (ctx) => DEEDS[ctx.path.slice(1)](ctx)) }
}

function strong() {
  const store = new MemoryStore({ now })
  return {
    store,
    put(at, value) {
      store.destroy(at)
      store.create(at, value, now() + DAY)
    },
    peek: (at) => store.load(at),
    drop: (at) => store.destroy(at),
    told: (value) => value,
  }
}

/** A store of the older contract, which parses what it holds. */
function older() {
  const rows = new Map()
  const store = {
    get: (at) => parse(rows.get(at)) ?? rows.get(at),
    set: (at, data) => void rows.set(at, JSON.stringify(data)),
    destroy: (at) => void rows.delete(at),
  }
  return {
    store,
    put: (at, value) => rows.set(at, value),
    peek: (at) => rows.get(at),
    drop: (at) => rows.delete(at),
    told: (value) => write(parse(value)) ?? '',
  }
}

const OWN = {
  ...{ path: '/', domain: 'a.example', httpOnly: true, secure: true, sameSite: 'lax' },
  ...{ priority: 'low', partitioned: true, expires: DATE, maxAge: 60_000 },
}
const RECORDS = [
  '{"a":1,"b":{"c":[2]},"cookie":{"sameSite":"lax","maxAge":null,"own":[]}}',
  '{"a":1,"cookie":{"maxAge":60000,"sameSite":"none","own":["maxAge","sameSite"],"created":1800000000000}}',
  '{"a":1,"_expire":4102444800000,"_maxAge":86400000}',
  '{"a":1,"_session":true,"cookie":{"data":true}}',
  `{"a":1,"cookie":{"path":"/","maxAge":null,"expires":"${DATE}","own":["expires"],"until":1}}`,
  `{"a":1,"cookie":${JSON.stringify({ ...OWN, own: Object.keys(OWN) })}}`,
  '0e4102444800000',
]
let games = 0

/** Whatever a store hands out: no error, no pollution, and no key of a record is lost. */
export const record = {
  name: 'record',
  seeds: RECORDS.flatMap((value) =>
    Object.keys(DEEDS).flatMap((deed) => [0, 1, 2, 3, 4, 6].map((mode) => deed + mode + value)),
  ),
  tokens: [
    ...[
      '__proto__',
      'constructor',
      'toString',
      'then',
      'isNew',
      'cookie',
      'data',
      'until',
      'base',
      'a',
    ],
    ...['own', 'path', 'domain', 'secure', 'sameSite', 'maxAge', 'maxage', 'expires', 'priority'],
    ...[
      'partitioned',
      'created',
      '_expire',
      '_maxAge',
      '_session',
      'lax',
      'none',
      'low',
      '/',
      '\\ud800',
    ],
    ...['1e999', '-1e999', '9e15', '1.5', '0', '-1', 'true', 'null', '[]', '{}', '{"toString":1}'],
    ...[
      '["lax"]',
      '["low"]',
      `"${DATE}"`,
      '["sameSite","secure"]',
      '{"a":',
      '[',
      ']',
      '}',
      '0e',
      '9',
    ],
  ],
  async run(input) {
    const [deed = '', mode = ''] = input
    const lane = LANES[mode]
    if (!lane || !Object.hasOwn(DEEDS, deed)) return
    const value = input.slice(2)
    const id = `the-id-of-session-${games++}`
    key = `koa:sess:${id}`
    theirs = value
    put = lane.put
    seen = undefined
    // There the value is what comes in between.
    put(key, deed === 'c' ? RECORDS[0] : value)
    const reply = await lane.site.send(`/${deed}`, `koa.sid=${id}; koa.sid.sig=${sign(id)}`)
    check(deed, lane, lane.told(value), reply)
    lane.drop(key)
    demandClean()
  },
}

function check(deed, lane, value, { status, errors }) {
  const before = parse(value)
  const data = isRecord(before) ? dataOf(before) : {}
  const isWritable = write(data) !== undefined
  // Nothing can be kept of what JSON cannot write: whoever asks for that is told.
  const isTold = !isWritable && 'ug'.includes(deed) && errors.every(isAboutData)
  demand(status === 200 || isTold, `answered ${status}: ${told(errors)}`)
  if (deed === 'c' || !isWritable || mayBeOver(before)) return
  demand(write(sorted(seen)) === write(sorted(data)), 'other data were seen')
  if (!'mu'.includes(deed) || !isRecord(before)) return
  const after = parse(lane.peek(key))
  const kept = write(sorted({ ...data, touched: 1 })) === write(sorted(dataOf(after ?? {})))
  demand(kept, 'what was written is not what was read and changed')
}

const isAboutData = (error) => error instanceof SessionError && error.code === 'ERR_SESSION_DATA'
const isRecord = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)
const sorted = (data) => Object.entries(data).sort(([left], [right]) => (left < right ? -1 : 1))

/** The data of a record; what koa-session adds is none, unless it is marked. */
function dataOf({ cookie, ...data }) {
  const isLasting = Number.isFinite(data._expire) && Number.isFinite(data._maxAge)
  const isMarked = isRecord(cookie) && cookie.data === true
  if (isMarked || (!isLasting && data._session !== true)) return data
  const { _expire, _maxAge, _session, ...rest } = data
  return rest
}

/** Whether a record says of itself that it ended, or may. */
function mayBeOver(value) {
  if (!isRecord(value)) return false
  const { expires, created } = isRecord(value.cookie) ? value.cookie : {}
  const isPast = (moment) => typeof moment === 'number' && moment <= now()
  if (isPast(value._expire) || isPast(created)) return true
  return typeof expires === 'string' ? !(Date.parse(expires) > now()) : typeof expires === 'number'
}

function parse(text) {
  try {
    return JSON.parse(text)
  } catch {
    return undefined
  }
}

function write(value) {
  try {
    return JSON.stringify(value)
  } catch {
    return undefined
  }
}
