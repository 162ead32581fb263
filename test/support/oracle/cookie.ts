import { MemoryStore, type SessionOptions } from '../../../src/index.js'
import { FaultyStore } from '../../../src/testing.js'
import { KEYS } from '../site.js'
import { type Answer, type App, open, sign } from './app.js'
import { demand, demandClean, describeErrors } from './demand.js'

/** The only id that has a session. */
export const LIVE = 'the-id-of-a-live-session'
const PREFIX = 'koa:sess:'

type Send = (cookie: string) => Promise<Answer>

/** What holds for any Cookie header: the store is asked for a proven id only, and nothing fails. */
export class CookieOracle {
  readonly app: App
  readonly #store = new FaultyStore(new MemoryStore())
  readonly #digests: string[]
  #received = ''
  #seen: object = {}

  /** `digests`: those that the options accept. */
  constructor(digests = ['sha1'], options: SessionOptions<SessionData> = {}) {
    this.#digests = digests
    this.app = open({ ...options, store: this.#store }, async (ctx) => {
      this.#received = ctx.req.headers.cookie ?? ''
      this.#seen = { ...(await ctx.session) }
    })
    const later = Date.now() + 86_400_000
    void this.#store.create(PREFIX + LIVE, '{"name":"ada","cookie":{}}', later)
  }

  /** `send`: in the place of a request without a network. */
  async check(header: string, send: Send = (cookie) => this.app.send('/', cookie)): Promise<void> {
    this.#store.calls.length = 0
    this.#received = ''
    this.#seen = {}
    const { status, errors } = await send(header)
    demand(status === 200 && errors.length === 0, `answered ${status}: ${describeErrors(errors)}`)
    const ids = proven(this.#received, this.#digests)
    const asked = [...new Set(this.#store.calls.map(({ key }) => key))]
    const isLive = ids.includes(LIVE)
    // The next one is asked where the one before leads to no session.
    const expected = isLive ? ids.slice(0, ids.indexOf(LIVE) + 1) : ids
    demand(
      String(asked) === String(expected.map((id) => PREFIX + id)),
      'the store was asked for an id that the header does not prove',
    )
    const seen = JSON.stringify(this.#seen)
    demand(seen === (isLive ? '{"name":"ada"}' : '{}'), 'the handler saw another session')
    demandClean()
  }

  close(): void {
    this.app.close()
  }
}

/** The ids that a header proves, found in another way than src does it. */
function proven(header: string, digests: string[]): string[] {
  const pairs = header.split(';').map((pair) => pair.replace(/^[ \t]+/, ''))
  const named = (name: string) =>
    pairs
      .filter((pair) => pair.startsWith(`${name}=`))
      .slice(0, 4)
      .map((pair) => pair.slice(name.length + 1))
      .map((value) => /^"([^"]*)"[ \t]*$/.exec(value)?.[1] ?? value)
  const marks = named('koa.sid.sig')
  const isSigned = (id: string) =>
    digests.some((digest) => KEYS.some((key) => marks.includes(sign(id, { key, digest }))))
  return [...new Set(named('koa.sid').filter(fits).filter(isSigned))]
}

function fits(id: string): boolean {
  const isLong = id.length >= 16 && id.length <= 256
  return isLong && !/[^A-Za-z0-9_.:~+=@!|%{}-]/.test(id) && id[0] !== '.' && !id.includes('..')
}
