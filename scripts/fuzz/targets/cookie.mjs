import { MemoryStore } from '../../../.fuzz/index.js'
import { KEYS, noting, open, sign } from '../site.mjs'
import { demand, demandClean, told } from './check.mjs'

const LIVE = 'the-id-of-a-live-session'
const UNKNOWN = 'well-formed-and-unknown'
const login = (id, key) => `koa.sid=${id}; koa.sid.sig=${sign(id, key)}`

const asked = []
const store = new MemoryStore()
store.create(`koa:sess:${LIVE}`, '{"name":"ada","cookie":{}}', Date.now() + 86_400_000)
let seen
const site = open({ store: noting(store, asked) }, (ctx) => {
  seen = ctx.session.name
})

/** Only a proven id is put to the store, and nothing makes an error. */
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
    asked.length = 0
    const { status, errors } = await site.send('/', header)
    demand(status === 200 && errors.length === 0, `answered ${status}: ${told(errors)}`)
    const id = proven(header)
    const wanted = id === undefined ? [] : [`koa:sess:${id}`]
    demand(
      String([...new Set(asked)]) === String(wanted),
      'the store was asked for what is not proven',
    )
    demand(seen === (id === LIVE ? 'ada' : undefined), 'somebody else was seen')
    demandClean()
  },
}

/** The id that a header proves, found in another way than the package does it. */
function proven(header) {
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
