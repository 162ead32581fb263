import { MemoryStore, SessionError } from '../../../.fuzz/index.js'
import { open, recordKeys, sign } from '../site.mjs'
import { demand, demandClean, describeErrors } from './check.mjs'

const DAY = 86_400_000
const now = () => 1_800_000_000_000
const DATE = '2100-01-01T00:00:00.000Z'

let theirs = ''
let key = ''
let put
let seen
const readSession = async (ctx) => {
  const current = await ctx.session
  seen = { ...current }
  return current
}

// The first letter of an input selects the action.
const ACTIONS = {
  r: async (ctx) => void (await readSession(ctx)).cookie,
  m: async (ctx) => {
    const current = await readSession(ctx)
    current.touched = 1
  },
  c: async (ctx) => {
    const current = await readSession(ctx)
    current.touched = 1
    put(key, theirs)
  },
  u: (ctx) =>
    ctx.updateSession((draft) => {
      seen = { ...draft }
      draft.touched = 1
    }),
  l: async (ctx) => {
    await readSession(ctx)
    ctx.session = null
  },
  g: async (ctx) => {
    await ctx.regenerateSession({ keep: Object.keys(await readSession(ctx)) })
  },
  s: async (ctx) => {
    await readSession(ctx)
    ctx.session = { touched: 1 }
  },
}

// The second one selects the options and the kind of store.
const MODES = [{}, { rolling: true }, { absoluteTimeout: DAY, rolling: true }, { renew: 0.5 }]
const LANES = Object.fromEntries([
  ...MODES.map((mode, at) => [at, laneOf(strong(), mode)]),
  ...MODES.map((mode, at) => [at + MODES.length, laneOf(older(), mode)]),
])

function laneOf(backend, mode) {
  const options = { ...mode, now, store: recordKeys(backend.store, []) }
  return { ...backend, site: open(options, (ctx) => ACTIONS[ctx.path.slice(1)](ctx)) }
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
    stored: (value) => value,
  }
}

/** A store of get, set and destroy that parses its records. */
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
    stored: (value) => write(parse(value)) ?? '',
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
let count = 0

/** No stored text causes an error or pollutes a prototype, and no key of a record is lost. */
export const record = {
  name: 'record',
  seeds: RECORDS.flatMap((value) =>
    Object.keys(ACTIONS).flatMap((action) =>
      [0, 1, 2, 3, 4, 6].map((mode) => action + mode + value),
    ),
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
    const [action = '', mode = ''] = input
    const lane = LANES[mode]
    if (!lane || !Object.hasOwn(ACTIONS, action)) return
    const value = input.slice(2)
    const id = `the-id-of-session-${count++}`
    key = `koa:sess:${id}`
    theirs = value
    put = lane.put
    seen = undefined
    // With `c`, the value is the concurrent write.
    put(key, action === 'c' ? RECORDS[0] : value)
    const reply = await lane.site.send(`/${action}`, `koa.sid=${id}; koa.sid.sig=${sign(id)}`)
    check(action, lane, lane.stored(value), reply)
    lane.drop(key)
    demandClean()
  },
}

function check(action, lane, value, { status, errors }) {
  const before = parse(value)
  const data = isRecord(before) ? dataOf(before) : {}
  const isWritable = write(data) !== undefined
  // JSON cannot write the data: update and regenerate have to reject.
  const isReported = !isWritable && 'ug'.includes(action) && errors.every(isAboutData)
  demand(status === 200 || isReported, `answered ${status}: ${describeErrors(errors)}`)
  if (action === 'c' || !isWritable || mayBeOver(before)) return
  demand(write(sorted(seen)) === write(sorted(data)), 'the handler got other data')
  if (!'mu'.includes(action) || !isRecord(before)) return
  const after = parse(lane.peek(key))
  const kept = write(sorted({ ...data, touched: 1 })) === write(sorted(dataOf(after ?? {})))
  demand(kept, 'the stored data differ from the data that were read and changed')
}

const isAboutData = (error) => error instanceof SessionError && error.code === 'ERR_SESSION_DATA'
const isRecord = (value) => typeof value === 'object' && value !== null && !Array.isArray(value)
const sorted = (data) => Object.entries(data).sort(([left], [right]) => (left < right ? -1 : 1))

/** The data of a record. The keys that koa-session adds are no data, unless the record is marked. */
function dataOf({ cookie, ...data }) {
  const isLasting = Number.isFinite(data._expire) && Number.isFinite(data._maxAge)
  const isMarked = isRecord(cookie) && cookie.data === true
  if (isMarked || (!isLasting && data._session !== true)) return data
  const { _expire, _maxAge, _session, ...rest } = data
  return rest
}

/** Whether a record's own dates say that it has ended, or may have. */
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
