import { Browser } from '../../../bench/races/browser.mjs'
import { FAULTS, faultsOfRecords, holds } from '../../../bench/races/faults.mjs'

/** The bookkeeping of the packages inside of their records. */
const OWN_KEYS = ['cookie', '_expire', '_maxAge']
const NAMES = ['A', 'B', 'C', 'D']

let gates = 0

/**
 * Plays a scene on one package, with real requests. After each moment it looks at what the browser and
 * the store hold. Sessions are named A, B, … in the order in which the browser got them.
 */
export async function playScene({ requests, order, expect }, site) {
  const run = new Run(site)
  const moments = []
  const cookies = {}
  for (const { send, begin, finish } of order) {
    const name = send ?? begin ?? finish
    if (send) await run.send(requests[send].does)
    if (begin) await run.begin(begin, requests[begin].does)
    if (finish) await run.finish(finish)
    cookies[name] = run.cookie
    moments.push(await run.look())
  }
  const { cookieOf, dead, has, lacks } = expect
  const result = await run.judge({ cookie: cookies[cookieOf], dead: cookies[dead], has, lacks })
  await run.clear()
  return { moments, requests: run.requests, ...result }
}

class Run {
  requests = 0
  #site
  #browser
  #ids = []
  #begun = {}
  #faults = new Set()

  constructor(site) {
    this.#site = site
    this.#browser = new Browser(site.origin)
  }

  get cookie() {
    return this.#browser.cookie
  }

  async send(does) {
    await this.#get({ do: does })
  }

  /** Resolves when the handler has read the session, and waits. */
  async begin(name, does) {
    const gate = `${++gates}`
    const answer = this.#get({ do: does, gate })
    const early = answer.then(() => {
      throw new Error(`${this.#site.name}: ${does} was answered before it waited`)
    })
    await Promise.race([this.#site.ask('arrived', gate), early])
    this.#begun[name] = { gate, answer }
  }

  async finish(name) {
    const { gate, answer } = this.#begun[name]
    await this.#site.ask('open', gate)
    await answer
  }

  /** What the browser and the store hold now. */
  async look() {
    return { browser: this.#nameOf(idOf(this.cookie)), store: await this.#stored() }
  }

  async judge({ cookie, dead, has, lacks }) {
    const ids = (await this.#records()).flatMap(({ id, data }) => (data ? [id] : []))
    const jar = this.cookie
    for (const fault of faultsOfRecords({ ids, jar, jars: [jar], cookie, dead }))
      this.#faults.add(fault)
    // From other browsers, so that this one keeps what it has.
    const next = await this.#replay(cookie)
    if (has && !holds(next, { has, lacks })) this.#faults.add('lost')
    // Last, as some packages start a session for a request without one.
    const replayed = dead ? await this.#replay(dead) : undefined
    if (replayed && Object.keys(replayed).length > 0) this.#faults.add('revived')
    return { next, replayed, faults: FAULTS.filter((fault) => this.#faults.has(fault)) }
  }

  clear() {
    return this.#site.ask('remove', this.#ids)
  }

  async #replay(cookie) {
    const { data = {} } = await this.#get({ do: '' }, new Browser(this.#site.origin), { cookie })
    return data
  }

  async #get(query, browser = this.#browser, options = {}) {
    this.requests++
    const { status, data } = await browser.get(query, options)
    if (status !== 200) this.#faults.add('error')
    this.#note(idOf(this.cookie))
    return { data }
  }

  #note(id) {
    if (id && !this.#ids.includes(id)) this.#ids.push(id)
  }

  #nameOf(id) {
    return id && NAMES[this.#ids.indexOf(id)]
  }

  async #stored() {
    const records = await this.#records()
    return records.flatMap(({ id, data }) => (data ? [{ name: this.#nameOf(id), data }] : []))
  }

  async #records() {
    const records = await this.#site.ask('records', this.#ids)
    return this.#ids.map((id, at) => ({ id, data: dataOf(records[at]) }))
  }
}

/** The session's data; undefined where the store holds no session, or the mark of one that ended. */
function dataOf(record) {
  if (typeof record !== 'object' || record === null) return undefined
  return Object.fromEntries(Object.entries(record).filter(([key]) => !OWN_KEYS.includes(key)))
}

/** The session id in a Cookie header: alone, or as `s:ID.SIGNATURE` of express-session. */
function idOf(cookie) {
  const pairs = cookie.split('; ').map((pair) => pair.split('='))
  const value = pairs.find(([name]) => !name.endsWith('.sig'))?.[1]
  return value && decodeURIComponent(value).replace(/^s:/, '').split('.')[0]
}
