import { MemoryStore } from '../../../.fuzz/index.js'
import { KEYS, open, recordKeys, sign } from '../site.mjs'
import { demand, demandClean, describeErrors } from './check.mjs'

const LIVE = 'the-id-of-a-live-session'
const UNKNOWN = 'well-formed-and-unknown'
const login = (id, key) => `koa.sid=${id}; koa.sid.sig=${sign(id, key)}`

const loadedKeys = []
const store = new MemoryStore()
store.create(`koa:sess:${LIVE}`, '{"name":"ada","cookie":{}}', Date.now() + 86_400_000)
let seen
const site = open({ store: recordKeys(store, loadedKeys) }, (ctx) => {
  seen = ctx.session.name
})

/** The store is only called with a signed id, and no header causes an error. */
export const cookie = {
  name: 'cookie',
  seeds: [
    login(LIVE),
    login(UNKNOWN, KEYS[1]),
    login('../../../etc/passwd'),
    login('two-dots..in-the-middle'),
    `koa.sid=forged-0123456789; ${login(LIVE)}; koa.sid=another-0123456789`,
    `koa.sid=${LIVE}; koa.sid.sig=${'A'.repeat(27)}`,
  ],
  tokens: [
    ...[
      'koa.sid=',
      'koa.sid.sig=',
      '; ',
      ';',
      '\t',
      '=',
      '"',
      ',',
      '\0',
      '\r\n',
      '__proto__=',
      'é',
    ],
    ...[LIVE, UNKNOWN, sign(LIVE), sign(UNKNOWN), sign(LIVE, KEYS[1]), login(LIVE), login(UNKNOWN)],
  ],
  async run(header) {
    loadedKeys.length = 0
    const { status, errors } = await site.send('/', header)
    demand(status === 200 && errors.length === 0, `answered ${status}: ${describeErrors(errors)}`)
    const id = signedId(header)
    const wanted = id === undefined ? [] : [`koa:sess:${id}`]
    demand(
      String([...new Set(loadedKeys)]) === String(wanted),
      'the store was called with an id that is not signed',
    )
    demand(seen === (id === LIVE ? 'ada' : undefined), 'the session of another id was loaded')
    demandClean()
  },
}

/** The signed id of a header, by another algorithm than the package's. */
function signedId(header) {
  const pairs = header.split(';').map((pair) => pair.replace(/^[ \t]+/, ''))
  const named = (name) =>
    pairs
      .filter((pair) => pair.startsWith(`${name}=`))
      .slice(0, 4)
      .map((pair) => pair.slice(name.length + 1))
  const marks = named('koa.sid.sig')
  return named('koa.sid')
    .filter(fits)
    .find((id) => KEYS.some((key) => marks.includes(sign(id, key))))
}

function fits(id) {
  const isLong = id.length >= 16 && id.length <= 256
  return isLong && !/[^A-Za-z0-9_.:~+=@!|%{}-]/.test(id) && id[0] !== '.' && !id.includes('..')
}
